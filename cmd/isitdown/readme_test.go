package main

import (
	"os"
	"strings"
	"testing"
)

// The notice in the README is one that the program makes, to the letter.
func TestReadmeShowsARealNotice(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "```\n")
	notice, _, ok := strings.Cut(after, "```\n")
	if !ok || !strings.HasPrefix(notice, "DOWN") {
		t.Fatal("the README does not begin with a notice")
	}
	made, err := os.ReadFile("testdata/replay-kp-2014.golden")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(made), notice) {
		t.Errorf("`isitdown replay kp-2014` makes no such notice:\n%s", notice)
	}
}
