package checks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// votesOf makes votes of a minute ago, written as whether one got an answer and where
// it is: "+EU -AS". Each is of another network.
func votesOf(votes string) []Vote {
	var all []Vote
	for i, v := range strings.Fields(votes) {
		all = append(all, Vote{Operator: "O", ASN: ASN(64500 + i), Continent: v[1:], At: ago(time.Minute), Answered: v[0] == '+'})
	}
	return all
}

func TestVotes(t *testing.T) {
	const down, up, part = "s0 s1 s2", "a0 a1 a2", "a0 a1 s2 s3"
	tests := []struct {
		name, hosts, votes string
		want               Extent
		world              bool
		figures            string // silent of cast, networks, continents
	}{
		{"nobody else", down, "", ExtentNone, false, "1/1 0 0"},
		{"two others agree: three votes, but of two known networks", down, "-EU -AS", ExtentNone, false, "3/3 2 2"},
		{"three others agree", down, "-EU -AS -NA", ExtentNone, true, "4/4 3 3"},
		{"on one continent", down, "-EU -EU -EU", ExtentNone, false, "4/4 3 1"},
		{"on two", down, "-EU -EU -AS", ExtentNone, true, "4/4 3 2"},
		{"four fifths agree", down, "-EU -EU -AS +NA", ExtentNone, true, "4/5 3 2"},
		{"those that agree on one continent", down, "-EU -EU -EU +NA", ExtentNone, false, "4/5 3 1"},
		{"less than four fifths", down, "-EU -AS +NA", ExtentPart, true, "3/4 3 3"},
		{"one other gets an answer", down, "+EU", ExtentPart, false, "1/2 1 1"},
		{"four of five get one", down, "+EU +AS +NA +SA", ExtentPart, true, "1/5 4 4"},
		{"ours alone is silent", down, "+EU +AS +NA +SA +AF", ExtentAll, true, "1/6 5 5"},
		{"an answer of ours", up, "", ExtentAll, false, "0/1 0 0"},
		{"and of others", up, "+EU +AS +NA", ExtentAll, true, "0/4 3 3"},
		{"one other gets none", up, "-EU", ExtentAll, false, "1/2 0 0"},
		{"two others get none", up, "-EU -AS", ExtentAll, false, "2/3 0 0"},
		{"many get none", up, "-EU -AS -NA -SA -AF", ExtentPart, true, "5/6 5 5"},
		{"a quarter get none", up, "-EU -AS -NA +EU +EU +EU +EU +EU +EU +EU +EU", ExtentPart, true, "3/12 11 3"},
		{"a fifth get none", up, "-EU -AS -NA +EU +EU +EU +EU +EU +EU +EU +EU +EU +EU +AS", ExtentAll, true, "3/15 11 2"},
		{"ours is in between", part, "-EU -AS +NA", ExtentPart, true, "2/4 3 3"},
		{"and others all get an answer", part, "+EU +AS +NA +NA +NA", ExtentPart, false, "0/6 5 3"},
		{"nothing of ours", "m0 m1", "-EU -AS -NA -SA", ExtentUnknown, false, "4/4 4 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := roundOf(tt.hosts)
			r.Votes = votesOf(tt.votes)
			f := probed(Country("KP"), &r, nil, noon, 0)
			figures := fmt.Sprintf("%d/%d %d %d", f.VotesSilent, f.VotesCast, f.Networks, f.Continents)
			if f.extent != tt.want || f.World != tt.world || figures != tt.figures {
				t.Errorf("%v, of the world %t, %s; want %v, %t, %s", f.extent, f.World, figures, tt.want, tt.world, tt.figures)
			}
		})
	}
}

// One vote for each operator and network, the newest; none that is older than our round
// by more than ten minutes; our own with its network where that is known.
func TestVotesThatCount(t *testing.T) {
	vote := func(operator string, a ASN, age time.Duration, answered bool) Vote {
		return Vote{Operator: operator, ASN: a, Continent: "EU", At: ago(age), Answered: answered}
	}
	tests := []struct {
		name  string
		votes []Vote
		want  string // silent of cast, networks
	}{
		{"twice the same", []Vote{vote("A", 1, time.Minute, false), vote("A", 1, time.Minute, false)}, "2/2 1"},
		{"the newest", []Vote{vote("A", 1, time.Minute, true), vote("A", 1, 2*time.Minute, false)}, "1/2 1"},
		{"the newest, the other way round", []Vote{vote("A", 1, 2*time.Minute, false), vote("A", 1, time.Minute, true)}, "1/2 1"},
		{"as new, and one was answered", []Vote{vote("A", 1, time.Minute, true), vote("A", 1, time.Minute, false)}, "1/2 1"},
		{"another operator in the same network", []Vote{vote("A", 1, time.Minute, false), vote("B", 1, time.Minute, false)}, "3/3 1"},
		{"no network known", []Vote{vote("A", 0, time.Minute, false), vote("A", 0, time.Minute, false)}, "2/2 0"},
		{"ten minutes older than the round", []Vote{vote("A", 1, 10*time.Minute+20*time.Second, false)}, "2/2 1"},
		{"older", []Vote{vote("A", 1, 10*time.Minute+21*time.Second, false)}, "1/1 0"},
		{"of the future", []Vote{vote("A", 1, -2*time.Minute, false)}, "1/1 0"},
	}
	for _, tt := range tests {
		r := roundOf("s0 s1")
		r.Votes = tt.votes
		f := probed(Country("KP"), &r, nil, noon, 0)
		if got := fmt.Sprintf("%d/%d %d", f.VotesSilent, f.VotesCast, max(f.Networks, 0)); got != tt.want && !(f.extent == ExtentPart && strings.HasPrefix(tt.want, got[:3])) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	r := roundOf("s0 s1")
	r.Votes, r.ASN, r.Continent = votesOf("-EU -EU"), 64496, "AS"
	if f := probed(Country("KP"), &r, nil, noon, 0); !f.World || f.Networks != 3 || f.Continents != 2 {
		t.Errorf("with our own network: of the world %t, %d networks, %d continents; want true, 3, 2", f.World, f.Networks, f.Continents)
	}
}

func TestVotesProperties(t *testing.T) {
	votes := rapid.SliceOfN(rapid.StringMatching("[+-](EU|AS|NA|AF)"), 0, 12)
	t.Run("they never decide without a round of ours", rapid.MakeCheck(func(t *rapid.T) {
		r := roundOf(rapid.SampledFrom([]string{"", "n0 n1", "m0 m1"}).Draw(t, "hosts"))
		r.Votes = votesOf(strings.Join(votes.Draw(t, "votes"), " "))
		if f := probed(Country("KP"), &r, nil, noon, 0); f.extent != ExtentUnknown || f.World {
			t.Fatalf("%v, of the world %t", f.extent, f.World)
		}
	}))
	t.Run("of the world only with three votes of three networks on two continents", rapid.MakeCheck(func(t *rapid.T) {
		r := roundOf(rapid.SampledFrom([]string{"s0 s1", "a0 a1"}).Draw(t, "hosts"))
		r.Votes = votesOf(strings.Join(votes.Draw(t, "votes"), " "))
		f := probed(Country("KP"), &r, nil, noon, 0)
		if f.World && (f.VotesCast < 3 || f.Networks < 3 || f.Continents < 2) {
			t.Fatalf("of the world by %+v", f.Probing)
		}
		if f.extent == ExtentNone && f.World && f.VotesSilent*100 < 80*f.VotesCast {
			t.Fatalf("not answering by %d of %d votes", f.VotesSilent, f.VotesCast)
		}
	}))
	t.Run("who answers us is never wholly silent", rapid.MakeCheck(func(t *rapid.T) {
		r := roundOf("a0 a1 a2")
		r.Votes = votesOf(strings.Join(votes.Draw(t, "votes"), " "))
		if f := probed(Country("KP"), &r, nil, noon, 0); f.extent == ExtentNone {
			t.Fatal("none")
		}
	}))
}
