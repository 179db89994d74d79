package incident_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// A topic that the platform takes only later keeps nothing waiting, and is set when its time comes: the newest, once,
// by whichever process runs then.
func TestATopicThatHasToWait(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		waits := true
		w.Chat.Fail = func(op string) error {
			if op == "topic" && waits {
				return &bot.RetryAfterError{After: 8 * time.Minute, Err: errors.New("two changes in ten minutes")}
			}
			return nil
		}
		before := w.Chat.Topic(room)
		w.Do("ana", "/incident lead me INC-1")
		w.Do("ana", "/incident sev INC-1 sev1")
		w.Do("ana", "/incident update INC-1 Vendor confirmed")
		if said := w.saidIn(room); !strings.Contains(said, "Vendor confirmed") || w.Chat.Topic(room) != before {
			t.Fatalf("topic %q:\n%s", w.Chat.Topic(room), said)
		}
		waits = false
		w.Wait(9 * time.Minute)
		if topic := w.Chat.Topic(room); !strings.Contains(topic, "SEV1") || !strings.Contains(topic, "Ana") {
			t.Errorf("the topic is %q", topic)
		}
		w.Verify()
	})
}
