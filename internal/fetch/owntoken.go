package fetch

import (
	"context"
	"time"

	"scim-auditor/internal/ona"
)

// personalAccessToken has the fields of a token that say whose it is and when it ends.
type personalAccessToken struct {
	ID     string `api:"id,id"`
	UserID string `api:"userId,id"`
	// ExpiresAt is the zero time if the API did not report it.
	ExpiresAt time.Time `api:"expiresAt"`
}

// ownToken returns a function that reads when the tokens of a user end, one of which this client
// uses. The function fails only if the run ends; every other failure is in NotAssessed.
func ownToken(user ona.Identity) func(context.Context, *reader) (ona.OwnToken, error) {
	return func(ctx context.Context, r *reader) (ona.OwnToken, error) {
		if user.Principal != ona.PrincipalUser || user.SubjectID == "" {
			return ona.OwnToken{
				NotAssessed: "the API lists the tokens of users only, and this token is not a user's",
			}, nil
		}
		tokens, err := r.tokensOf(ctx, user.SubjectID)
		if err != nil && ctx.Err() == nil {
			return ona.OwnToken{NotAssessed: err.Error()}, nil
		}
		var own ona.OwnToken
		now := r.client.settings.Now()
		for _, t := range tokens {
			if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now) {
				continue
			}
			own.Tokens++
			if !t.ExpiresAt.IsZero() && (own.Ends.IsZero() || t.ExpiresAt.Before(own.Ends)) {
				own.Ends = t.ExpiresAt
			}
		}
		return own, err
	}
}

// tokensOf returns the personal access tokens of a user, by id.
func (r *reader) tokensOf(ctx context.Context, userID string) (map[string]personalAccessToken, error) {
	tokens := map[string]personalAccessToken{}
	s := source{
		method: ona.ListPersonalAccessTokens, field: "personalAccessTokens", private: r.client.settings.Redaction != nil,
		request: request{Filter: &filter{UserIDs: []string{userID}}},
	}
	for p, err := range r.pages(ctx, s) {
		if err != nil {
			return nil, err
		}
		for i, raw := range p.rows {
			var t personalAccessToken
			// Only the fields that are read are named here, so the others are no news.
			if err := decode(raw, &t, fieldSet{}); err != nil {
				return nil, undecodable(s.method, p, i, s.conceal(err))
			}
			if t.UserID == userID { // a server may not know the filter
				tokens[t.ID] = t
			}
		}
	}
	return tokens, nil
}
