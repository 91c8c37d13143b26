package main

import (
	"strings"
	"time"

	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/settings"
)

// reportOptions returns the options for a report, with its origin and the key that signs it.
func reportOptions(env environment, s *settings.Settings) (report.Options, error) {
	options, err := s.Report(readVersion().Version)
	if err != nil {
		return options, err
	}
	signer, err := s.Signer()
	if err != nil {
		return options, err
	}
	if signer != nil {
		options.Sign = signer.Sign
	}
	options.Origin = origin(env)
	return options, nil
}

// origin says who writes a report. The command line has no secret: no flag takes one, and a base
// URL with a password is refused.
func origin(env environment) folder.Origin {
	return folder.Origin{
		At: env.now().UTC().Truncate(time.Second), User: username(),
		Command: strings.Join(append([]string{"auditor"}, env.args...), " "),
	}
}

// timestamps returns the settings for timestamps, nil if there are none.
func timestamps(s *settings.Settings) (*job.Timestamps, error) {
	server, roots, err := s.Timestamps()
	if err != nil || server == "" {
		return nil, err
	}
	return &job.Timestamps{URL: server, Roots: roots}, nil
}
