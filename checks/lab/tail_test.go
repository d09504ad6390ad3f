package lab

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// What is appended to a file is read as it comes, whole or not, from before there is one;
// the end comes with that of the test.
func TestFollowFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	lines := make(chan string, 1)
	ended := make(chan error, 1)
	t.Run("following", func(t *testing.T) {
		caughtUp := followFile(t, name, func(r io.Reader) error {
			in := bufio.NewReader(r)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					ended <- err
					return err
				}
				lines <- line
			}
		})
		caughtUp() // there is nothing
		file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, step := range []struct {
			write string
			want  []string
		}{{"one\n", []string{"one\n"}}, {"tw", nil}, {"o\nthree\n", []string{"two\n", "three\n"}}, {"the rest", nil}} {
			if _, err := file.WriteString(step.write); err != nil {
				t.Fatal(err)
			}
			for _, want := range step.want {
				if got := <-lines; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			caughtUp()
		}
	})
	if err := <-ended; err != io.EOF {
		t.Errorf("it ended with %v", err)
	}
}
