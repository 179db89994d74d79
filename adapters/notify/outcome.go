package notify

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// longestRest is how long a service may ask to be left alone: what wakes somebody is tried again sooner than that.
const longestRest = time.Minute

// outcome says how sending ended, by what the guarded client saw. err is what the library says, which may hold the
// address: it only tells that something went wrong before anything was sent.
func (c *client) outcome(err error) error {
	switch {
	case errors.Is(c.failed, errRefused):
		return permanent("the host is not listed any more, or its name leads to an address that is not public")
	case c.failed != nil:
		return fmt.Errorf("%s cannot be reached", c.host)
	case c.status == 0 && err != nil:
		return permanent("the address cannot be used. Remove it and add it again")
	case c.status == 0:
		return permanent("nothing was sent")
	}
	said := fmt.Sprintf("%s answered %d %s", c.host, c.status, http.StatusText(c.status))
	switch {
	case c.status < 300:
		return nil
	case c.status == http.StatusTooManyRequests || c.status == http.StatusServiceUnavailable && c.after != "":
		return &bot.RetryAfterError{After: rest(c.after), Err: errors.New(said)}
	case c.status >= 500 || c.status == http.StatusRequestTimeout:
		return errors.New(said)
	case c.status == http.StatusUnauthorized, c.status == http.StatusForbidden, c.status == http.StatusNotFound:
		return permanent("%s. Check the address: the token, the topic or the user may be wrong", said)
	}
	return permanent("%s", said)
}

// rest reads a Retry-After in seconds.
func rest(after string) time.Duration {
	seconds, err := strconv.Atoi(after)
	if err != nil || seconds < 1 {
		return 10 * time.Second
	}
	return min(time.Duration(seconds)*time.Second, longestRest)
}

func permanent(format string, args ...any) error {
	return &bot.PermanentError{Err: fmt.Errorf(format, args...)}
}
