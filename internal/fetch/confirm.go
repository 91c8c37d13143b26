package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// RemovalState is what a look at a single configuration says about its removal.
type RemovalState string

// The states of a removal.
const (
	// Confirmed: the API says that there is no such configuration.
	Confirmed RemovalState = "confirmed"
	// StillThere: the API answers with the configuration, so a listing without it was not complete.
	StillThere RemovalState = "still_there"
	// NotReadable: the API says that this token may not look, or that it cannot look up a single one.
	NotReadable RemovalState = "not_readable"
)

// Removal is what became of a configuration that a listing lacks. Its zero value confirms nothing.
type Removal struct {
	State RemovalState
	// Why is what the API said, for Confirmed and NotReadable.
	Why string
}

// ConfirmSCIMRemoved asks for one SCIM configuration that a complete listing lacks. The Exchange has no number. Whatever is neither the
// configuration nor the API's own not_found, permission_denied or unimplemented is an error, an *Error.
func (c *Client) ConfirmSCIMRemoved(ctx context.Context, id string) (Removal, Exchange, error) {
	return c.confirm(ctx, methodGetSCIM, id, getSCIMRequest{id}, "scimConfiguration")
}

// ConfirmSSORemoved is ConfirmSCIMRemoved for an SSO configuration.
func (c *Client) ConfirmSSORemoved(ctx context.Context, id string) (Removal, Exchange, error) {
	return c.confirm(ctx, methodGetSSO, id, getSSORequest{id}, "ssoConfiguration")
}

func (c *Client) confirm(ctx context.Context, method, id string, request any, field string) (Removal, Exchange, error) {
	if id == "" {
		return Removal{}, Exchange{}, errors.New("confirming a removal: the configuration's id is empty")
	}
	a, err := c.ask(ctx, call{method: method}, request)
	a.seal()
	if err != nil {
		removal, err := removalByError(err)
		return removal, a.Exchange, err
	}
	if err := holds(a.Body, field, id); err != nil {
		failure := notAsDocumented(method, err)
		failure.ConfigurationID = id
		return Removal{}, a.Exchange, failure
	}
	a.Records = 1
	return Removal{State: StillThere}, a.Exchange, nil
}

// removalByError tells what an answer other than 200 says. A 404 counts only in the API's own form: a proxy's would confirm what is not so.
func removalByError(err error) (Removal, error) {
	if why, ok := notAssessed(err); ok {
		return Removal{State: NotReadable, Why: why}, nil
	}
	e, ok := errors.AsType[*Error](err)
	if ok && e.connect && e.Status == http.StatusNotFound && e.Code == CodeNotFound {
		return Removal{State: Confirmed, Why: e.Error()}, nil
	}
	return Removal{}, err
}

// holds checks that the answer is the configuration that was asked for.
func holds(body []byte, field, id string) error {
	var answer map[string]jsontext.Value
	if err := decodeAnswer(body, &answer); err != nil {
		return err
	}
	if isAbsent(answer[field]) {
		return fmt.Errorf("field %s is missing", field)
	}
	var configuration struct {
		ID string `json:"id"`
	}
	if err := decodeObject(answer[field], &configuration); err != nil {
		return fmt.Errorf("field %s: %w", field, err)
	}
	got, err := requiredID("id", configuration.ID)
	if err != nil {
		return fmt.Errorf("field %s: %w", field, err)
	}
	if want, err := requiredID("id", id); err != nil || got != want {
		return fmt.Errorf("it holds configuration %s, not the one asked for", got)
	}
	return nil
}
