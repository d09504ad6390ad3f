package bot

import (
	"context"
	"slices"
	"strings"

	"isitdown/bot/chat"
	"isitdown/checks"
)

// maxChoices is how many suggestions a platform shows.
const maxChoices = 25

// Complete suggests what a parameter may be, by the [chat.Source] of the parameter:
// it is the bot's [chat.Complete].
func (b *Bot) Complete(_ context.Context, c chat.Channel, parameter, typed string) []chat.Choice {
	typed = chat.Clean(typed)
	if chat.Source(parameter) == chat.SourceTarget {
		list := b.worldChoice(typed)
		if b.c.Targets != nil {
			list = append(list, b.c.Targets(typed)...)
		}
		return list[:min(len(list), maxChoices)]
	}
	var list []chat.Choice
	err := b.c.Store.View(func(tx *Tx) (err error) {
		switch chat.Source(parameter) {
		case chat.SourceOwn:
			list, err = b.ownChoices(tx, c, typed)
		case chat.SourceIncident:
			list, err = b.incidentChoices(tx, c, typed)
		case chat.SourceZone:
			list = zoneChoices(typed)
		}
		return err
	})
	if err != nil {
		b.c.Logger.Warn("nothing could be suggested", "channel", c.String(), "parameter", parameter, "error", err)
	}
	return list[:min(len(list), maxChoices)]
}

// worldChoice suggests the world where it is watched and its name begins with typed.
func (b *Bot) worldChoice(typed string) []chat.Choice {
	world := checks.Worldwide().String()
	if b.c.World == nil || !strings.HasPrefix(world, strings.ToLower(typed)) {
		return nil
	}
	return []chat.Choice{{Name: "world: each country and each large network", Value: world}}
}

// matches reports whether typed is part of a text, in any case.
func matches(text, typed string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(typed))
}

func (b *Bot) ownChoices(tx *Tx, c chat.Channel, typed string) ([]chat.Choice, error) {
	subs, err := tx.Subscriptions(c)
	var list []chat.Choice
	for _, s := range subs {
		if name := b.name(s.Target); matches(name, typed) || matches(s.Target.String(), typed) {
			list = append(list, chat.Choice{Name: name, Value: s.Target.String()})
		}
	}
	return list, err
}

// incidentChoices gives the incidents that the channel was told of, those of the
// last days first.
func (b *Bot) incidentChoices(tx *Tx, c chat.Channel, typed string) ([]chat.Choice, error) {
	threads, err := tx.ChannelThreads(c)
	if err != nil {
		return nil, err
	}
	var found []Incident
	for _, t := range threads {
		i, ok, err := tx.Incident(t.Incident)
		if err != nil {
			return nil, err
		}
		if ok && (matches(i.ID, typed) || matches(b.name(i.Target), typed)) {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b Incident) int { return chat.Point(b.Onset).Compare(chat.Point(a.Onset)) })
	var list []chat.Choice
	for _, i := range found {
		list = append(list, chat.Choice{Name: i.ID + ": " + b.name(i.Target) + ", " + i.Stage.String(), Value: i.ID})
	}
	return list, nil
}

// zoneChoices suggests time zones. There are hundreds; these are the ones most
// people live by, and any other can be typed.
func zoneChoices(typed string) []chat.Choice {
	var list []chat.Choice
	for name := range strings.FieldsSeq(zones) {
		if matches(strings.ReplaceAll(name, "_", " "), strings.ReplaceAll(typed, "_", " ")) {
			list = append(list, chat.Choice{Name: name, Value: name})
		}
	}
	return list
}

const zones = `UTC Europe/London Europe/Berlin Europe/Paris America/New_York America/Chicago America/Denver America/Los_Angeles
Asia/Tokyo Asia/Seoul Asia/Shanghai Asia/Hong_Kong Asia/Taipei Asia/Singapore Asia/Kolkata Asia/Dubai Australia/Sydney
Africa/Abidjan Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Dakar Africa/Dar_es_Salaam
Africa/Harare Africa/Johannesburg Africa/Kampala Africa/Khartoum Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda
Africa/Maputo Africa/Nairobi Africa/Tripoli Africa/Tunis America/Anchorage America/Argentina/Buenos_Aires America/Bogota
America/Caracas America/Guatemala America/Halifax America/Havana America/La_Paz America/Lima America/Managua
America/Mexico_City America/Montevideo America/Panama America/Phoenix America/Port-au-Prince America/Santiago
America/Santo_Domingo America/Sao_Paulo America/St_Johns America/Toronto America/Vancouver Asia/Almaty Asia/Amman Asia/Baghdad
Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Damascus Asia/Dhaka Asia/Gaza Asia/Ho_Chi_Minh Asia/Jakarta
Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kathmandu Asia/Kuala_Lumpur Asia/Kuwait Asia/Manila Asia/Pyongyang Asia/Qatar
Asia/Riyadh Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Ulaanbaatar Asia/Vladivostok Asia/Yangon Asia/Yekaterinburg
Asia/Yerevan Atlantic/Azores Atlantic/Reykjavik Australia/Adelaide Australia/Brisbane Australia/Perth Europe/Amsterdam
Europe/Athens Europe/Belgrade Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Copenhagen Europe/Dublin Europe/Helsinki
Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/Madrid Europe/Minsk Europe/Moscow Europe/Oslo Europe/Prague Europe/Riga
Europe/Rome Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zurich
Pacific/Auckland Pacific/Fiji Pacific/Guam Pacific/Honolulu Pacific/Port_Moresby`
