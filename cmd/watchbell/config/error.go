package config

import (
	"errors"

	"github.com/watchbell/watchbell/bot/yamlfile"
)

// Error is one thing that is wrong with the configuration, a file that it names, or a secret.
type Error = yamlfile.Error

// Problems are all errors found in one configuration.
type Problems = yamlfile.Problems

// IsError reports whether err says that the configuration, or a secret of it, is wrong.
func IsError(err error) bool {
	var e *Error
	return errors.As(err, &e)
}
