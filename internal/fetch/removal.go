package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"scim-auditor/internal/ona"
)

// ConfirmRemoved requests one configuration that is missing from a listing. method is
// ona.GetSCIMConfiguration or ona.GetSSOConfiguration. Only the API's own not_found confirms the
// removal. A response that refuses the request, or says that there is no such method or route,
// neither confirms nor denies it, whether the API or a proxy sent it. ConfirmRemoved returns an
// *Error for every other response except the configuration.
func (c *Client) ConfirmRemoved(ctx context.Context, method, id string) (ona.Removal, Exchange, error) {
	if id == "" {
		return ona.Removal{}, Exchange{}, errors.New("confirming a removal: the configuration's id is empty")
	}
	body, field := request{SCIMConfigurationID: id}, "scimConfiguration"
	if method == ona.GetSSOConfiguration {
		body, field = request{SSOConfigurationID: id}, "ssoConfiguration"
	}
	x, err := c.get(ctx, call{method: method, request: body})
	if e, ok := errors.AsType[*Error](err); ok {
		confirmed := e.connect && e.Status == http.StatusNotFound && e.Code == CodeNotFound
		if confirmed || slices.Contains(cannotAsk, e.Status) {
			return ona.Removal{Confirmed: confirmed, Reason: e.Error()}, x, nil
		}
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

// cannotAsk are the statuses of a server that does not take the request.
var cannotAsk = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusNotImplemented,
}

// ListAgain reads the list of method, ona.ListSCIMConfigurations or ona.ListSSOConfigurations, once
// more. It returns an *Error unless this listing has the ids and the content of the inventory. Its
// PagesRead counts this listing only.
func (c *Client) ListAgain(ctx context.Context, method string, in ona.Inventory) (Listing, Evidence, error) {
	r := c.newReader(in.Organization.ID)
	var all Listing
	var err error
	if method == ona.ListSSOConfigurations {
		all, err = ssoListing(in.Organization.ID).readAgain(ctx, r, in.SSO)
	} else {
		all, err = scimListing().readAgain(ctx, r, in.SCIM)
	}
	r.UnknownFields = r.unknown.sorted()
	return all, r.Evidence, err
}

// readAgain reads the list once more and compares it with the rows of the listing before.
func (l listing[T]) readAgain(ctx context.Context, r *reader, before []T) (Listing, error) {
	all, disagrees, err := l.readOnce(ctx, r)
	all.PagesRead = all.Pages
	if err == nil && disagrees == nil {
		disagrees = l.difference(before, all.rows)
	}
	if err == nil && disagrees != nil {
		disagrees.Err = fmt.Errorf("a second listing does not agree with the first: %w", disagrees.Err)
		err = disagrees
	}
	return all.Listing, err
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
