package slack

import (
	"net/http"
	"testing"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// A code that is not known here is a no to this message, perhaps: the outbox is told so.
func TestUnknownCodesAreOdd(t *testing.T) {
	for code, want := range map[string]bool{"brand_new_code": true, "service_unavailable": false, "ratelimited": false} {
		r := refuse("chat.postMessage", &attempt{status: http.StatusOK}, api.SlackErrorResponse{Err: code})
		if r.Odd != want || want && r.Trouble != chat.NotSent {
			t.Errorf("%s: odd %v, %v", code, r.Odd, r.Trouble)
		}
	}
}
