package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"scim-auditor/internal/ona"
)

// ConfirmRemoved requests one configuration that is missing from a complete listing. method is
// ona.GetSCIMConfiguration or ona.GetSSOConfiguration. It returns an *Error for every response
// except the configuration and the API's own not_found, permission_denied or unimplemented.
func (c *Client) ConfirmRemoved(ctx context.Context, method, id string) (ona.Removal, Exchange, error) {
	if id == "" {
		return ona.Removal{}, Exchange{}, errors.New("confirming a removal: the configuration's id is empty")
	}
	body, field := request{SCIMConfigurationID: id}, "scimConfiguration"
	if method == ona.GetSSOConfiguration {
		body, field = request{SSOConfigurationID: id}, "ssoConfiguration"
	}
	x, err := c.get(ctx, call{method: method, request: body})
	if reason, ok := notAssessed(err); ok {
		return ona.Removal{Reason: reason}, x, nil
	}
	// A 404 counts only with an API error in the body: a proxy's 404 says nothing about the
	// configuration.
	e, ok := errors.AsType[*Error](err)
	if ok && e.connect && e.Status == http.StatusNotFound && e.Code == CodeNotFound {
		return ona.Removal{Confirmed: true, Reason: e.Error()}, x, nil
	}
	if err != nil {
		return ona.Removal{}, x, err
	}
	if err := checkConfiguration(x.Body, field, id); err != nil {
		failure := notAsDocumented(method, err)
		failure.ConfigurationID = id
		return ona.Removal{}, x, failure
	}
	x.Records = 1
	return ona.Removal{StillThere: true}, x, nil
}

// checkConfiguration checks that the response is the configuration with that id.
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
		return fmt.Errorf("it has configuration %s, not the requested one", got)
	}
	return nil
}
