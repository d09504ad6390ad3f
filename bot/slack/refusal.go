package slack

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	api "github.com/slack-go/slack"

	"isitdown/bot/chat"
)

// longWait is how long to leave Slack alone where it does not say: pages of HTML come from
// what stands before it, and whoever goes on regardless is locked out.
const longWait = 5 * time.Minute

// What a person has to do, in the words that they are told.
const (
	sayInvite     = "/invite @isitdown and run this again"
	sayArchived   = "This channel is archived: run this in another one"
	sayRestricted = "Posting here is restricted: ask whoever manages this channel to let @isitdown post, and run this again"
	sayScope      = "The app lacks a permission: ask whoever manages this workspace to install isitdown again"
	sayGone       = "isitdown is no longer installed here: ask whoever manages this workspace to install it again"
	sayNoChannel  = "Run this in a channel that @isitdown is in"
)

// meaning says what an error code of Slack's means for whoever has to deliver, and
// what a person can do about it. ok is false for a code that is not known here.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
func meaning(code string) (t chat.Trouble, say string, ok bool) {
	switch code {
	case "channel_not_found", "channel_deleted":
		return chat.ChannelLost, sayInvite, true
	case "is_archived", "channel_is_archived", "is_inactive":
		return chat.ChannelLost, sayArchived, true
	case "not_in_channel":
		return chat.Forbidden, sayInvite, true
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked", "ekm_access_denied",
		"enterprise_is_restricted":
		return chat.Forbidden, sayRestricted, true
	case "missing_scope", "no_permission", "not_allowed_token_type":
		return chat.Forbidden, sayScope, true
	case "messages_tab_disabled", "cannot_dm_bot", "method_not_supported_for_channel_type":
		return chat.Forbidden, sayNoChannel, true
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
		"team_access_not_granted", "org_login_required", "team_not_found", "invalid_refresh_token":
		return chat.TenantLost, sayGone, true
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return chat.RateLimited, "", true
	case "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "invalid_arguments",
		"invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "no_text":
		return chat.TooLong, "", true
	case "message_not_found", "thread_not_found", "cannot_reply_to_message",
		"cant_update_message": // it is another's: the app was installed anew
		return chat.RootLost, "", true
	case "edit_window_closed":
		return chat.EditsSpent, "", true
	case "internal_error", "fatal_error": // "some aspect of the operation may have succeeded"
		return chat.Unclear, "", true
	case "service_unavailable", "team_added_to_org", "external_channel_migrating",
		"request_timeout": // "the POST data was either missing or truncated"
		return chat.NotSent, "", true
	}
	return chat.NotSent, "", false
}

// refuse says what a failed call means. method is its name, for the operator.
func refuse(method string, a *attempt, err error) *chat.Refusal {
	if known, ok := errors.AsType[*chat.Refusal](err); ok {
		return known
	}
	r := &chat.Refusal{RetryAfter: a.retryAfter, Err: fmt.Errorf("%s: %w", method, quiet(err))}
	answer, coded := errors.AsType[api.SlackErrorResponse](err)
	switch {
	case a.status == http.StatusTooManyRequests:
		r.Trouble, r.Whole = chat.RateLimited, a.html
	case coded:
		var known bool
		r.Trouble, r.Say, known = meaning(answer.Err)
		r.Whole = answer.Err == "message_limit_exceeded"
		if !known { // a no all the same, and not one that passes soon
			r.RetryAfter, r.Odd = cmp.Or(r.RetryAfter, longWait), true
		}
	case !a.reached.Load(), a.status == http.StatusServiceUnavailable:
		r.Trouble = chat.NotSent
	case a.status >= http.StatusInternalServerError, a.status == 0, a.status == http.StatusOK && !a.html:
		r.Trouble = chat.Unclear // the request was on its way, and what became of it was not told
	case a.status == http.StatusRequestEntityTooLarge:
		r.Trouble = chat.TooLong
	case a.html:
		r.Trouble, r.Whole = chat.RateLimited, true
	default:
		r.Trouble, r.RetryAfter = chat.NotSent, cmp.Or(a.retryAfter, longWait)
	}
	if a.html || r.Trouble == chat.RateLimited {
		r.RetryAfter = cmp.Or(r.RetryAfter, longWait)
	}
	return r
}
