package bot

import "isitdown/bot/chat"

// turns has the lanes of a tenant send one after the other, where the platform
// cannot tell a repeated message from a new one. Whoever has the turn keeps it
// until what became of its message is written down together with what is sent
// next, so that a crash finds at most one message of the tenant in doubt.
type turns struct {
	platforms map[string]bool
	holder    map[string]*lane // by "platform/tenant"
	behind    map[string][]*lane
}

func newTurns(platforms map[string]bool) turns {
	return turns{platforms, make(map[string]*lane), make(map[string][]*lane)}
}

// take gives l the turn of its tenant; false puts it behind those that wait.
func (x *turns) take(l *lane) bool {
	if !x.platforms[l.channel.Platform] {
		return true
	}
	tenant := tenantOf(l.channel)
	if h := x.holder[tenant]; h != nil && h != l {
		l.behind = true
		x.behind[tenant] = append(x.behind[tenant], l)
		return false
	}
	x.holder[tenant] = l
	return true
}

// give takes the turn back from l; false where l did not have it.
func (x *turns) give(l *lane) bool {
	tenant := tenantOf(l.channel)
	if x.holder[tenant] != l {
		return false
	}
	delete(x.holder, tenant)
	return true
}

// next takes the lane that has waited longest out of those behind; nil for none.
func (x *turns) next(c chat.Channel) *lane {
	tenant := tenantOf(c)
	list := x.behind[tenant]
	if len(list) == 0 {
		delete(x.behind, tenant)
		return nil
	}
	x.behind[tenant] = list[1:]
	list[0].behind = false
	return list[0]
}
