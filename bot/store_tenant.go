package bot

import (
	"bytes"
	"fmt"
	"time"

	"isitdown/bot/chat"
)

// Tenant is a workspace or guild that the bot is, or was, part of.
type Tenant struct {
	Platform, ID string
	Name         string // foreign text; "" while it is not known
	Installed    time.Time
	// Stopped says why nothing is sent to it, as a sentence for the operator;
	// "" while it works.
	Stopped string
}

type storedTenant struct {
	Platform  string    `json:"platform"`
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Installed time.Time `json:"installed,omitzero"`
	Stopped   string    `json:"stopped,omitempty"`
}

// PutTenant writes what is known of a tenant. One whose Stopped is "" works again.
func (tx *Tx) PutTenant(t Tenant) error {
	if err := tenantError(t.Platform, t.ID); err != nil {
		return fmt.Errorf("writing a tenant: %w", err)
	}
	t.Installed = utc(t.Installed)
	return tx.put(bucketTenants, key(t.Platform, t.ID), storedTenant(t))
}

// Tenant gives what is known of a tenant; ok is false where that is nothing.
func (tx *Tx) Tenant(platform, id string) (t Tenant, ok bool, err error) {
	r, ok, err := get[storedTenant](tx, bucketTenants, key(platform, id))
	return Tenant(r), ok, err
}

// Tenants gives all tenants, by platform and ID.
func (tx *Tx) Tenants() ([]Tenant, error) {
	return readAll(tx, bucketTenants, nil, func(r storedTenant) (Tenant, error) { return Tenant(r), nil })
}

// ResumeTenant has a tenant work again, and gives what was parked for its
// channels since a time another try. It says how many deliveries that is.
func (tx *Tx) ResumeTenant(platform, id string, since time.Time) (int, error) {
	if err := tx.startTenant(platform, id); err != nil {
		return 0, err
	}
	return tx.unpark([]byte(platform+"/"+id+"/"), since)
}

// startTenant has a tenant work again, if it is one that was stopped.
func (tx *Tx) startTenant(platform, id string) error {
	t, ok, err := tx.Tenant(platform, id)
	if err != nil || !ok || t.Stopped == "" {
		return err
	}
	t.Stopped = ""
	return tx.PutTenant(t)
}

// PutCredential keeps what a platform needs to act for a tenant. What it holds
// is for the platform to know; it is never logged.
func (tx *Tx) PutCredential(platform, tenant string, secret []byte) error {
	err := tenantError(platform, tenant)
	if err == nil {
		err = tx.write(bucketCredentials, key(platform, tenant), bytes.Clone(secret))
	}
	if err != nil {
		return fmt.Errorf("writing the credential of %s/%s: %w", platform, tenant, err)
	}
	return nil
}

// Credential gives a copy of what was kept; nil for nothing.
func (tx *Tx) Credential(platform, tenant string) []byte {
	return bytes.Clone(tx.tx.Bucket([]byte(bucketCredentials)).Get(key(platform, tenant)))
}

// DeleteCredential forgets it; it is no error if there is none.
func (tx *Tx) DeleteCredential(platform, tenant string) error {
	return tx.drop(bucketCredentials, key(platform, tenant))
}

func tenantError(platform, tenant string) error {
	if platform == "" || tenant == "" || !plain(platform) || !plain(tenant) {
		return fmt.Errorf("%q is no tenant of %q", tenant, platform)
	}
	return nil
}

// Audit is one line of who changed what.
type Audit struct {
	At      time.Time
	Channel chat.Channel
	By      chat.Person
	What    string // "subscribed to KP, level down"
}

type storedAudit struct {
	At      time.Time    `json:"at"`
	Channel string       `json:"channel"`
	By      storedPerson `json:"by,omitzero"`
	What    string       `json:"what"`
}

// AppendAudit adds a line to the log of a channel.
func (tx *Tx) AppendAudit(a Audit) error {
	if err := channelError(a.Channel); err != nil {
		return fmt.Errorf("writing to the audit log: %w", err)
	}
	seq, err := tx.next(bucketAudit)
	if err != nil {
		return err
	}
	c := a.Channel.String()
	return tx.put(bucketAudit, seqKey(under(c), seq), storedAudit{utc(a.At), c, storedPerson(a.By), a.What})
}

// Audit gives at most limit lines of the log of a channel, newest first; a
// limit of zero means all.
func (tx *Tx) Audit(c chat.Channel, limit int) ([]Audit, error) {
	var list []Audit
	for e := range tx.scanBack(bucketAudit, under(c.String())) {
		r, err := read[storedAudit](bucketAudit, e)
		if err != nil {
			return nil, err
		}
		list = append(list, Audit{r.At, c, chat.Person(r.By), r.What})
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

type storedSeen struct {
	Until time.Time `json:"until"`
}

// Claim notes that the request of an id is being handled, and gives false if
// that was noted before and has not yet expired at now. An empty id is always new.
func (tx *Tx) Claim(id string, now, until time.Time) (fresh bool, err error) {
	if id == "" {
		return true, nil
	}
	r, ok, err := get[storedSeen](tx, bucketSeen, key(id))
	if err != nil || ok && now.Before(r.Until) {
		return false, err
	}
	return true, tx.put(bucketSeen, key(id), storedSeen{utc(until)})
}
