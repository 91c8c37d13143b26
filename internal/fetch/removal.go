package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"scim-auditor/internal/ona"
)

// Removal is the API's answer about a configuration that a listing lacks. If it is neither Confirmed
// nor StillThere, this token may not look, or the server cannot look up a single one.
type Removal struct {
	// Confirmed: the API says that there is no such configuration.
	Confirmed bool
	// StillThere: the API returns the configuration, so a listing without it was not complete.
	StillThere bool
	// Why is what the API said; empty if StillThere.
	Why string
}

// ConfirmSCIMRemoved requests one SCIM configuration that a complete listing lacks. The error is an
// *Error for every answer that is neither the configuration nor the API's own not_found,
// permission_denied or unimplemented.
func (c *Client) ConfirmSCIMRemoved(ctx context.Context, id string) (Removal, Exchange, error) {
	k := call{method: ona.GetSCIMConfiguration, request: request{SCIMConfigurationID: id}}
	return c.confirmRemoved(ctx, k, id, "scimConfiguration")
}

// ConfirmSSORemoved is ConfirmSCIMRemoved for an SSO configuration.
func (c *Client) ConfirmSSORemoved(ctx context.Context, id string) (Removal, Exchange, error) {
	k := call{method: ona.GetSSOConfiguration, request: request{SSOConfigurationID: id}}
	return c.confirmRemoved(ctx, k, id, "ssoConfiguration")
}

func (c *Client) confirmRemoved(ctx context.Context, k call, id, field string) (Removal, Exchange, error) {
	if id == "" {
		return Removal{}, Exchange{}, errors.New("confirming a removal: the configuration's id is empty")
	}
	x, err := c.get(ctx, k)
	if why, ok := notAssessed(err); ok {
		return Removal{Why: why}, x, nil
	}
	// A 404 counts only in the API's own form: a proxy's says nothing about the configuration.
	e, ok := errors.AsType[*Error](err)
	if ok && e.connect && e.Status == http.StatusNotFound && e.Code == CodeNotFound {
		return Removal{Confirmed: true, Why: e.Error()}, x, nil
	}
	if err != nil {
		return Removal{}, x, err
	}
	if err := checkConfiguration(x.Body, field, id); err != nil {
		failure := notAsDocumented(k.method, err)
		failure.ConfigurationID = id
		return Removal{}, x, failure
	}
	x.Records = 1
	return Removal{StillThere: true}, x, nil
}

// checkConfiguration checks that the answer is the configuration with that id.
func checkConfiguration(body []byte, field, id string) error {
	raw, err := member(body, "", field, fieldSet{})
	if err != nil {
		return err
	}
	got, err := requireID("id", configurationID(raw))
	if err != nil {
		return fmt.Errorf("field %s: %w", field, err)
	}
	if want, err := ona.ParseID(id); err != nil || got != want {
		return fmt.Errorf("it holds configuration %s, not the one asked for", got)
	}
	return nil
}
