//go:build linux

package bench

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// world is the generated organizations. The same numbers make the same ones.
type world struct {
	server *demo.Server
	states []*demo.State
	random *rand.Rand
	// changes is how many configurations change each night; due carries the fraction of a change over.
	changes, due float64
	mu           sync.RWMutex // guards the states
}

// newWorld makes the organizations. The server answers each request after the latency.
func newWorld(organizations, configurations, members int, share float64, latency time.Duration) *world {
	w := &world{random: rand.New(rand.NewPCG(1, 2)), changes: share * float64(organizations*configurations)}
	for n := range organizations {
		s := w.organization(fmt.Sprintf("org-%04d", n), configurations)
		addMembers(s, members)
		w.states = append(w.states, s)
	}
	w.server = demo.NewServerWith(w.states...)
	w.server.Intercept = func(rw http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		time.Sleep(latency)
		rw.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
		w.mu.RLock()
		defer w.mu.RUnlock()
		next.ServeHTTP(rw, r)
	}
	return w
}

func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /next-night", func(http.ResponseWriter, *http.Request) { w.nextNight() })
	mux.HandleFunc("POST /revoke", func(http.ResponseWriter, *http.Request) { w.revoke() })
	mux.Handle("/", w.server)
	return mux
}

// revoke makes every token invalid, as if its owner had deleted it in Ona.
func (w *world) revoke() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		s.Token += "-revoked"
	}
}

// The parts of a configuration's name, such as "Okta Payments EMEA".
var (
	providers   = strings.Fields("Okta Entra Google OneLogin Ping JumpCloud Rippling Keycloak Duo Auth0")
	departments = strings.Fields("Payments Logistics Retail Finance Legal Insurance Energy Robotics Aviation " +
		"Health Foods Mobility Research Security Cloud Media Mining Marine Housing Textiles")
	regions = strings.Fields("EMEA AMER APAC LATAM DACH Nordics Iberia Benelux Japan India")
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// nameOf names the n-th configuration; no other number has the same name.
func nameOf(n int) string {
	provider, n := providers[n%len(providers)], n/len(providers)
	department, n := departments[n%len(departments)], n/len(departments)
	region, n := regions[n%len(regions)], n/len(regions)
	return fmt.Sprintf("%s %s %s %d", provider, department, region, n+1)
}

// domains is the number of e-mail domains of an organization, all of them verified.
const domains = 100

func domainOf(n int) string { return fmt.Sprintf("d%02d.example", n%domains) }

// organization makes an organization whose SCIM configurations each have a sign-in of their own and
// fail one rule, SCIM-005, because their tokens live for 540 days.
func (w *world) organization(name string, configurations int) *demo.State {
	s := demo.NewState(name)
	s.Policies["restrictAccountCreationToScim"] = true
	for n := range configurations {
		id, sso := demo.ID(name, "scim", strconv.Itoa(n)), demo.ID(name, "sso", strconv.Itoa(n))
		age := time.Duration(w.random.Int64N(int64(200*24*time.Hour))) + 100*24*time.Hour
		created := time.Now().UTC().Truncate(24 * time.Hour).Add(-age)
		at, expires := created.Format(timeLayout), created.AddDate(0, 0, 540).Format(timeLayout)
		s.SCIM = append(s.SCIM, demo.Row{
			"id": id, "organizationId": s.ID, "name": nameOf(n), "enabled": true, "ssoConfigurationId": sso,
			"createdAt": at, "updatedAt": at, "tokenExpiresAt": expires, "allowUnverifiedEmailAccountLinking": false,
		})
		s.SSO = append(s.SSO, demo.Row{
			"id": sso, "organizationId": s.ID, "displayName": nameOf(n), "clientId": "ona-" + sso[9:],
			"issuerUrl":    "https://" + sso[:8] + ".idp.example/oauth2/default",
			"providerType": ona.ProviderTypeCustom, "state": ona.SSOStateActive,
			"emailDomain": domainOf(n), "emailDomains": []string{domainOf(n)},
		})
	}
	for n := range min(configurations, domains) {
		s.Domains = append(s.Domains, demo.Row{
			"id": demo.ID(name, "domain", strconv.Itoa(n)), "organizationId": s.ID, "domain": domainOf(n),
			"state": ona.DomainVerified, "verifiedAt": "2026-01-05T09:30:00.000Z",
		})
	}
	return s
}

// addMembers adds members, one in a hundred of whom signs in with github and one in ten of whom has a
// personal access token.
func addMembers(s *demo.State, members int) {
	now := time.Now().UTC().Truncate(24 * time.Hour)
	for n := range members {
		user, login := demo.ID(s.Name, "user", strconv.Itoa(n)), ona.LoginProviderCustom
		if n%100 == 0 {
			login = ona.LoginProviderGitHub
		}
		s.Members = append(s.Members, demo.Row{
			"userId": user, "fullName": fmt.Sprintf("%s %s %d", departments[n%len(departments)], regions[n%len(regions)], n),
			"email": fmt.Sprintf("user-%d@%s", n, domainOf(n%3)), "role": ona.OrganizationRoleMember, "status": ona.UserStatusActive,
			"loginProvider": login, "memberSince": "2026-01-05T09:30:00Z", "avatarUrl": "https://avatars.example/u/" + user,
		})
		if n%10 == 0 {
			s.Tokens = append(s.Tokens, demo.Row{
				"id": demo.ID(s.Name, "token", strconv.Itoa(n)), "userId": user, "description": "laptop",
				"createdAt": now.AddDate(0, 0, -30).Format(timeLayout), "expiresAt": now.AddDate(0, 0, 60).Format(timeLayout),
				"lastUsed": now.AddDate(0, 0, -1).Format(timeLayout),
			})
		}
	}
}

// nextNight renames as many configurations as change, with an entry in the audit log
// for each.
func (w *world) nextNight() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().UTC()
	for w.due += w.changes; w.due >= 1; w.due-- {
		s := w.states[w.random.IntN(len(w.states))]
		i := w.random.IntN(len(s.SCIM))
		row := maps.Clone(s.SCIM[i])
		row["name"], row["updatedAt"] = nameOf(len(s.SCIM)+w.random.IntN(1e6)), now.Format(time.RFC3339)
		s.SCIM[i] = row
		s.Log(now, ona.ResourceTypeSCIMConfiguration, row["id"], "updated SCIM configuration")
	}
}
