package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/bwmarrin/discordgo"

	"isitdown/bot/chat"
)

// The error codes that mean something to us.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const (
	codeUnknownChannel     = 10003
	codeUnknownGuild       = 10004
	codeUnknownMessage     = 10008
	codeUnknownWebhook     = 10015
	codeUnknownInteraction = 10062
	codeSlowmode           = 20016
	codeChannelWriteLimit  = 20028
	codeEditsSpent         = 30046
	codeAlreadyAnswered    = 40060
	codeMissingAccess      = 50001
	codeCannotMessageUser  = 50007
	codeMissingPermission  = 50013
	codeWrongChannelType   = 50024
	codeInvalidToken       = 50027 // of a webhook: an interaction's, expired
	codeArchivedThread     = 50083
	codeThreadExists       = 160004
	codeThreadLocked       = 160005
	codeTooManyThreads     = 160006
	codeTooManyNewsThreads = 160007
)

// apiError is what Discord said: for the operator, and for the code that has to
// tell one from another. It never holds the request.
type apiError struct {
	what    string
	status  int
	code    int
	message string
}

// Error names the call, the status, and Discord's code.
func (e *apiError) Error() string {
	s := fmt.Sprintf("discord: %s: HTTP %d", e.what, e.status)
	if e.code != 0 {
		s += fmt.Sprintf(", code %d", e.code)
	}
	if e.message != "" {
		s += ": " + e.message
	}
	return s
}

// code gives Discord's code for an error of do, 0 for none.
func code(err error) int {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e.code
	}
	return 0
}

// refuse says what a failed call means.
func refuse(r request, a *answer, body []byte, err error) *chat.Refusal {
	if a.status == 0 {
		return unanswered(r, a, err)
	}
	e := &apiError{what: r.what, status: a.status}
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if rest, ok := errors.AsType[*discordgo.RESTError](err); ok {
		body = rest.ResponseBody
	}
	if json.Unmarshal(body, &said) == nil {
		e.code, e.message = said.Code, oneLine(said.Message)
	} else if a.html {
		e.message = "an answer in HTML"
	}
	e.message, _ = shorten(e.message, 200)
	ref := &chat.Refusal{Err: e}
	switch {
	case e.code == codeEditsSpent: // Discord gives it as a 429, but other calls may go on
		ref.Trouble, ref.RetryAfter = chat.EditsSpent, seconds(a.header.Get("Retry-After"))
	case a.status == http.StatusTooManyRequests, a.html && a.status >= 400 && a.status < 500:
		ref.Trouble, ref.RetryAfter, ref.Whole = chat.RateLimited, retryAfter(a), global(a)
	case a.status == http.StatusUnauthorized && e.code != codeInvalidToken:
		ref.Trouble, ref.Whole = chat.TenantLost, true
	case a.status >= 500:
		ref.Trouble, ref.RetryAfter = chat.Unclear, seconds(a.header.Get("Retry-After"))
	case a.status < 300: // it went through, but what came back cannot be read
		ref.Trouble = chat.Unclear
		if e.message == "" {
			e.message = "the answer cannot be read: " + plainError(err)
		}
	case a.status < 400:
		ref.Trouble = chat.NotSent
		e.message = "a redirection, which Discord does not send: is there a proxy in between?"
	default:
		ref.Trouble, ref.Say = byCode(r, e)
		ref.Odd = ref.Trouble == chat.NotSent
		if ref.Trouble == chat.RateLimited {
			ref.RetryAfter = defaultWait
		}
	}
	return ref
}

// byCode is the table of codes.
func byCode(r request, e *apiError) (chat.Trouble, string) {
	switch e.code {
	case codeUnknownChannel, codeCannotMessageUser:
		return chat.ChannelLost, ""
	case codeUnknownGuild:
		return chat.TenantLost, ""
	case codeUnknownMessage:
		return chat.RootLost, ""
	case codeUnknownWebhook, codeUnknownInteraction, codeInvalidToken:
		return chat.RootLost, ""
	case codeSlowmode, codeChannelWriteLimit:
		return chat.RateLimited, ""
	case codeMissingAccess:
		return chat.Forbidden, "I cannot see this channel. Give me the permission View Channel here, and run this again."
	case codeMissingPermission:
		if r.thread {
			return chat.Forbidden, "I cannot write in threads here. Give me the permissions Create Public Threads and Send Messages in Threads in this channel, and run this again."
		}
		return chat.Forbidden, "I cannot post here. Give me the permissions View Channel, Send Messages, Embed Links and Attach Files in this channel, and run this again."
	case codeArchivedThread, codeThreadLocked:
		return chat.Forbidden, "The thread of this incident is locked. Unlock it, or give me the permission Manage Threads in this channel, and run this again."
	}
	switch e.status {
	case http.StatusForbidden:
		return chat.Forbidden, "I may not do this here. Look at my permissions in this channel, and run this again."
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return chat.TooLong, ""
	}
	return chat.NotSent, ""
}

// unanswered tells whether a call without an answer can have had an effect: not
// where there was no connection to send it over.
func unanswered(r request, a *answer, err error) *chat.Refusal {
	trouble := chat.Unclear
	op, dialled := errors.AsType[*net.OpError](err)
	if dialled && op.Op == "dial" || a.asked.Load() && !a.gotConn.Load() {
		trouble = chat.NotSent
	}
	return &chat.Refusal{Trouble: trouble, Err: fmt.Errorf("discord: %s: %s", r.what, plainError(err))}
}

// plainError leaves out the address of a request, which may have a token in it.
func plainError(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if rest, ok := errors.AsType[*discordgo.RESTError](err); ok {
		return "HTTP " + rest.Response.Status
	}
	s, _ := shorten(oneLine(strings.ToValidUTF8(err.Error(), "")), 200)
	return s
}
