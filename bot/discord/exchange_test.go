package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"isitdown/bot/chat"
	"isitdown/bot/chattest"
)

// asked makes an interaction as it comes from Discord.
func asked(t testing.TB, format string, args ...any) *discordgo.Interaction {
	t.Helper()
	i, err := readInteraction(fmt.Appendf(nil, format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

const everything16 = "1099511627775" // every permission

// slash is "/isitdown target:KP" in a guild.
func slash(t testing.TB) *discordgo.Interaction {
	return asked(t, `{"id":"90","application_id":"5","type":2,"token":"t0ken","guild_id":"1","channel_id":"7","app_permissions":"%s",
		"member":{"nick":"Kim","permissions":"0","user":{"id":"3","username":"kim"}},
		"data":{"id":"1","name":"isitdown","type":1,"options":[{"name":"target","type":3,"value":"KP"}]}}`, everything16)
}

// converse has an interaction answered by handle in a bubble, and gives the calls.
func converse(t *testing.T, i *discordgo.Interaction, f *fake, handle chat.Handle) (calls []string, log string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, l := newClient(t, f, func(o *Options) { o.Handle = handle })
		if !c.accept(t.Context(), i, c.firstCall(i)) {
			t.Error("the interaction was not taken in")
		}
		c.Close(t.Context())
		calls, log = f.list(), l.String()
	})
	if strings.Contains(log, "t0ken") {
		t.Errorf("the log has the interaction's token in it:\n%s", log)
	}
	return calls, log
}

const (
	callback90 = "POST interactions/90/t0ken/callback"
	original90 = "PATCH webhooks/5/t0ken/messages/@original"
	delete90   = "DELETE webhooks/5/t0ken/messages/@original"
	follow90   = "POST webhooks/5/t0ken"
)

// says makes replies, with time between them.
func says(pause time.Duration, replies ...chat.Reply) chat.Handle {
	return func(ctx context.Context, _ chat.Request, reply func(chat.Reply) error) error {
		for _, r := range replies {
			time.Sleep(pause)
			if err := reply(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestConversations(t *testing.T) {
	whole, part := chat.Reply{Message: down()}, chat.Reply{Message: chat.Plain("UNKNOWN: looking"), Partial: true}
	quiet := chat.Reply{Message: chat.Plain("Muted."), Private: true}
	chart := chat.Reply{Message: back(), Picture: &chat.Picture{Name: "a.png", PNG: []byte("x"), Alt: "x"}}
	quick, slow := time.Duration(0), 2*time.Second
	tests := []struct {
		name  string
		pause time.Duration
		said  []chat.Reply
		want  []string
		first string // within the first body
	}{
		{"quick", quick, []chat.Reply{whole}, []string{callback90}, `"type":4`},
		{"quick and private", quick, []chat.Reply{quiet}, []string{callback90}, `"flags":64`},
		{"slow", slow, []chat.Reply{whole}, []string{callback90, original90}, `"type":5`},
		{"slow, in parts", slow, []chat.Reply{part, part, whole}, []string{callback90, original90, original90, original90}, `"type":5`},
		{"quick part, then whole", quick, []chat.Reply{part, whole}, []string{callback90, original90}, `"type":4`},
		{"with a chart", quick, []chat.Reply{chart}, []string{callback90, original90}, `"type":5`},
		{"slow and private", slow, []chat.Reply{quiet}, []string{callback90, delete90, follow90}, `"type":5`},
		{"public, then private", quick, []chat.Reply{part, quiet}, []string{callback90, follow90}, `"type":4`},
		{"private, then public", quick, []chat.Reply{{Message: quiet.Message, Private: true, Partial: true}, whole}, []string{callback90, follow90}, `"flags":64`},
		{"nothing said", quick, nil, []string{callback90}, "This did not work"},
		{"nothing said for long", slow, []chat.Reply{part}, []string{callback90, original90, follow90}, `"type":5`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{}
			calls, _ := converse(t, slash(t), f, says(tt.pause, tt.said...))
			if diff := cmp.Diff(tt.want, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if body := string(f.calls[0].Body); !strings.Contains(body, tt.first) {
				t.Errorf("the first answer is %s, want %s in it", body, tt.first)
			}
		})
	}
}

// What goes wrong on our side is told to the person in a sentence, and to the
// operator in the log.
func TestConversationsThatFail(t *testing.T) {
	for name, handle := range map[string]chat.Handle{
		"error": func(context.Context, chat.Request, func(chat.Reply) error) error { return errors.New("disk full") },
		"panic": func(context.Context, chat.Request, func(chat.Reply) error) error { panic("disk full") },
	} {
		f := &fake{}
		_, log := converse(t, slash(t), f, handle)
		if !strings.Contains(log, "disk full") {
			t.Errorf("%s: the log does not say why: %s", name, log)
		}
		if body := string(f.calls[0].Body); !strings.Contains(body, "This did not work") || strings.Contains(body, "disk full") || !strings.Contains(body, `"flags":64`) {
			t.Errorf("%s: the person gets %s", name, body)
		}
	}
}

// When Discord no longer takes an answer, the bot is told so, and may post in the
// channel instead.
func TestConversationsThatComeTooLate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		codes map[string]int
		pause time.Duration
		after bool // whether the bot hears of it
		calls int
	}{
		{"unknown interaction", map[string]int{"/callback": codeUnknownInteraction}, 0, true, 1},
		{"unknown interaction, slow", map[string]int{"/callback": codeUnknownInteraction}, 2 * time.Second, true, 1},
		{"answered by another", map[string]int{"/callback": codeAlreadyAnswered}, 2 * time.Second, false, 2},
		{"token expired", map[string]int{"@original": codeInvalidToken}, 2 * time.Second, true, 2},
		{"message deleted", map[string]int{"@original": codeUnknownMessage}, 2 * time.Second, true, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := refuseAt(tt.codes)
			var heard error
			calls, log := converse(t, slash(t), f, func(_ context.Context, _ chat.Request, reply func(chat.Reply) error) error {
				time.Sleep(tt.pause)
				heard = reply(chat.Reply{Message: down()})
				return nil
			})
			if tt.after {
				if got := asRefusal(t, heard); got.Trouble != chat.RootLost || !errors.Is(heard, errToken) {
					t.Errorf("the bot hears %v", heard)
				}
			} else if heard != nil {
				t.Errorf("the bot hears %v, want nothing", heard)
			}
			if len(calls) != tt.calls {
				t.Errorf("got calls %q, want %d", calls, tt.calls)
			}
			if strings.Contains(log, "level=ERROR") {
				t.Errorf("it is logged as an error:\n%s", log)
			}
		})
	}
}

// An edit that meets a short limit is made again; a part of an answer is not worth
// an error.
func TestConversationsAtALimit(t *testing.T) {
	n := 0
	f := &fake{answer: func(method, _ string) *http.Response {
		if n++; method == "PATCH" && n < 4 {
			return chattest.Respond(429, "application/json", `{"retry_after":1}`, "Retry-After", "1")
		}
		return nil
	}}
	calls, _ := converse(t, slash(t), f, says(2*time.Second, chat.Reply{Message: down()}))
	if want := []string{callback90, original90, original90, original90}; !cmp.Equal(want, calls) {
		t.Errorf("got %q, want %q", calls, want)
	}
}

// A conversation that hangs ends with its time, and Close ends it before.
func TestCloseEndsConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		c, _ := newClient(t, &fake{}, func(o *Options) {
			o.Handle = func(ctx context.Context, _ chat.Request, _ func(chat.Reply) error) error {
				<-ctx.Done()
				ended <- ctx.Err()
				return ctx.Err()
			}
		})
		i := slash(t)
		c.accept(t.Context(), i, c.firstCall(i))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		c.Close(ctx)
		if took := time.Since(began); <-ended == nil || took != time.Minute {
			t.Errorf("Close took %v", took)
		}
		i.ID = "91"
		if c.accept(t.Context(), i, c.firstCall(i)) {
			t.Error("an interaction was taken in after Close")
		}
	})
}

// The same interaction again is ignored; what is none too.
func TestAcceptIgnores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		c, _ := newClient(t, &fake{}, func(o *Options) {
			o.Handle = func(_ context.Context, _ chat.Request, reply func(chat.Reply) error) error {
				handled++
				return reply(chat.Reply{Message: chat.Plain("UP: x")})
			}
		})
		i := slash(t)
		for n := range 3 {
			if c.accept(t.Context(), i, c.firstCall(i)) != (n == 0) {
				t.Errorf("time %d: taken in wrongly", n+1)
			}
			synctest.Wait()
		}
		for _, i := range []*discordgo.Interaction{nil, {}, {ID: "x", Token: "t", AppID: "5"}, {ID: "92", Token: "t", AppID: "../5"}, {ID: "93", AppID: "5"}} {
			if c.accept(t.Context(), i, nil) {
				t.Errorf("%+v was taken in", i)
			}
		}
		c.Close(t.Context())
		if handled != 1 {
			t.Errorf("handled %d times, want once", handled)
		}
	})
}

// More people than the bot can answer at a time are told so.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c, _ := newClient(t, f, func(o *Options) {
			o.Handle = func(_ context.Context, _ chat.Request, reply func(chat.Reply) error) error {
				time.Sleep(time.Minute)
				return reply(chat.Reply{Message: chat.Plain("UP: x")})
			}
		})
		for n := range most + 1 {
			i := slash(t)
			i.ID = fmt.Sprint(100 + n)
			c.accept(t.Context(), i, c.firstCall(i))
		}
		synctest.Wait()
		var got struct{ Data struct{ Content string } }
		f.last(t, &got)
		if !strings.Contains(got.Data.Content, "Too many people") {
			t.Errorf("got %q", got.Data.Content)
		}
		c.Close(t.Context())
	})
}

// Every Discord form of a command gives the line that the grammar reads.
func TestRequests(t *testing.T) {
	option := func(name, value string) string {
		b, _ := json.Marshal(map[string]any{"name": name, "type": 3, "value": value})
		return string(b)
	}
	sub := func(name string, options ...string) string {
		return `{"name":"outages","options":[{"name":"` + name + `","type":1,"options":[` + strings.Join(options, ",") + `]}]}`
	}
	press := func(line string) string {
		return `{"component_type":2,"custom_id":"` + line + `"}`
	}
	tests := []struct {
		kind       int
		data       string
		member     string // permissions
		line, say  string
		admin, dm  bool
		permission string // of the bot
		missing    string
	}{
		{2, `{"name":"isitdown","options":[` + option("target", "north korea") + `]}`, "0", `isitdown "north korea"`, "", true, false, everything16, ""},
		{2, `{"name":"isitdown","options":[` + option("target", "KP") + `]}`, "0", "isitdown KP", "", true, true, "0", ""},
		{2, sub("subscribe", option("target", "KP"), option("level", "down"), option("quiet", "22-07"), option("tz", "Asia/Seoul")), "0", "outages subscribe KP level:down quiet:22-07 tz:Asia/Seoul", "", true, false, "2048", "View Channel, Embed Links, Attach Files, Create Public Threads and Send Messages in Threads"},
		{2, sub("mute", option("target", "KP"), option("duration", "6h"), option("reason", "works")), "0", "outages mute KP 6h works", "", true, false, "8", ""},
		{2, sub("now"), "0", "outages now", "", true, false, everything16, ""},
		{2, sub("nothing"), "0", "", sayUnknown, false, false, everything16, ""},
		{2, `{"name":"other"}`, "0", "", sayUnknown, false, false, everything16, ""},
		{3, press("outages why KP-20141222-1"), "0", "outages why KP-20141222-1", "", false, false, everything16, ""},
		{3, press("outages mute KP-20141222-1 6h"), "0", "", sayManager, false, false, everything16, ""},
		{3, press("outages mute KP-20141222-1 6h"), "16", "outages mute KP-20141222-1 6h", "", true, false, everything16, ""},
		{3, press("outages mute KP-20141222-1 6h"), "8", "outages mute KP-20141222-1 6h", "", true, false, everything16, ""},
		{3, press("something else"), "8", "", sayUnknown, false, false, everything16, ""},
		{5, `{"custom_id":"x","components":[]}`, "8", "", sayUnknown, false, false, everything16, ""},
	}
	c, _ := newClient(t, &fake{}, nil)
	for _, tt := range tests {
		guild, who := `"guild_id":"1",`, `"member":{"permissions":"`+tt.member+`","user":{"id":"3","username":"kim","global_name":"Kim \u202eK"}}`
		if tt.dm {
			guild, who = "", `"user":{"id":"3","username":"kim"}`
		}
		i := asked(t, `{"id":"90","application_id":"5","type":%d,"token":"t",%s"channel_id":"7","app_permissions":"%s",%s,"data":%s}`,
			tt.kind, guild, tt.permission, who, tt.data)
		r, say := c.request(i)
		if say != tt.say {
			t.Errorf("%s: says %q, want %q", tt.data, say, tt.say)
		}
		if say != "" {
			continue
		}
		if r.Line != tt.line || r.Person.Admin != tt.admin || r.Private != tt.dm || r.Person.ID != "3" || r.ID != "90" {
			t.Errorf("%s: got %+v", tt.data, r)
		}
		if _, err := chat.ParseCommand(r.Line, time.Now()); err != nil {
			t.Errorf("%s: %q is not in the grammar: %v", tt.data, r.Line, err)
		}
		if place := r.Channel.String(); place != "discord/1/7" && !tt.dm || tt.dm && place != "discord/@me:7/7" {
			t.Errorf("%s: in %s", tt.data, place)
		}
		err := r.Ready(t.Context())
		if tt.missing == "" {
			if err != nil {
				t.Errorf("%s: not ready: %v", tt.data, err)
			}
		} else if got := asRefusal(t, err); got.Trouble != chat.Forbidden || !strings.Contains(got.Say, tt.missing) {
			t.Errorf("%s: says %q", tt.data, got.Say)
		}
	}
}

// Suggestions come within the limits, whatever the bot says and however long it
// takes.
func TestSuggest(t *testing.T) {
	typing := func(id string) *discordgo.Interaction {
		return asked(t, `{"id":"%s","application_id":"5","type":4,"token":"t","guild_id":"1","channel_id":"7","data":{"name":"outages","options":[
			{"name":"subscribe","type":1,"options":[{"name":"target","type":3,"value":"nor","focused":true}]}]}}`, id)
	}
	many := func(_ context.Context, c chat.Channel, source, typed string) (list []chat.Choice) {
		if source != string(chat.SourceTarget) || typed != "nor" || c.ID != "7" {
			t.Errorf("asked for %q %q in %v", source, typed, c)
		}
		list = append(list, chat.Choice{Name: "North Korea " + strings.Repeat("x", 100), Value: "KP"}, chat.Choice{Name: "", Value: "x"},
			chat.Choice{Name: "long", Value: strings.Repeat("x", 101)})
		for n := range 40 {
			list = append(list, chat.Choice{Name: fmt.Sprint("Norway ", n), Value: fmt.Sprint("NO", n)})
		}
		return list
	}
	slow := func(ctx context.Context, _ chat.Channel, _, _ string) []chat.Choice {
		<-ctx.Done()
		return nil
	}
	for _, tt := range []struct {
		name     string
		complete chat.Complete
		want     int
		took     time.Duration
	}{
		{"many", many, maxChoices, 0},
		{"slow", slow, 0, completeTime},
		{"none", nil, 0, 0},
		{"panic", func(context.Context, chat.Channel, string, string) []chat.Choice { panic("x") }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				c, _ := newClient(t, f, func(o *Options) { o.Complete = tt.complete })
				i, began := typing("90"), time.Now()
				c.accept(t.Context(), i, c.firstCall(i))
				c.Close(t.Context())
				var got struct {
					Type int
					Data struct{ Choices []chat.Choice }
				}
				f.last(t, &got)
				if got.Type != 8 || len(got.Data.Choices) != tt.want || time.Since(began) != tt.took {
					t.Errorf("got %+v after %v", got, time.Since(began))
				}
				for _, choice := range got.Data.Choices {
					if length(choice.Name) > maxChoice || length(choice.Value) > maxChoice {
						t.Errorf("%+v is too long", choice)
					}
				}
			})
		})
	}
}

// Two people who write to the bot share no tenant, and with it no notes, no list and
// no trouble; the two of a guild do.
func TestConversationsAreApart(t *testing.T) {
	at := func(guild, channel string) chat.Channel {
		i := asked(t, `{"id":"90","application_id":"5","type":2,"token":"t",%s"channel_id":"%s","data":{"name":"isitdown"}}`, guild, channel)
		return place(i)
	}
	ana, kim := at("", "7"), at("", "8")
	if ana.Tenant == kim.Tenant || ana.ID != "7" {
		t.Errorf("got %s and %s", ana, kim)
	}
	for _, c := range []chat.Channel{ana, kim} {
		if back, ok := chat.ParseChannel(c.String()); !ok || back != c {
			t.Errorf("%s is read back as %s", c, back)
		}
		if gone := (chat.Channel{Platform: Platform, Tenant: tenant("", c.ID), ID: c.ID}); gone != c {
			t.Errorf("when it is deleted it is %s, not %s", gone, c)
		}
	}
	if a, b := at(`"guild_id":"1",`, "7"), at(`"guild_id":"1",`, "8"); a.Tenant != "1" || b.Tenant != "1" {
		t.Errorf("got %s and %s", a, b)
	}
}
