package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// browser is a Chromium that makes pictures of pages.
type browser string

var errNoBrowser = errors.New("no Chromium is installed")

// findBrowser looks for one by the names that systems give it.
func findBrowser() (browser, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser(path), nil
		}
	}
	return "", errNoBrowser
}

const (
	shotWidth   = 740
	shotHeight  = 9000 // what is empty below is cut away
	shotTimeout = 60 * time.Second
)

// shoot makes a picture of what a page shows at an anchor.
func (b browser) shoot(ctx context.Context, page, anchor string, dark bool, out string) error {
	ctx, cancel := context.WithTimeout(ctx, shotTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "isitdown-preview-")
	if err != nil {
		return fmt.Errorf("making a folder for the browser: %w", err)
	}
	defer os.RemoveAll(dir)
	page, err = filepath.Abs(page)
	if err != nil {
		return fmt.Errorf("finding the page: %w", err)
	}
	shot := filepath.Join(dir, "shot.png")
	scheme := "1" // blink's names for dark and light
	if dark {
		scheme = "0"
	}
	args := []string{
		"--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--blink-settings=preferredColorScheme=" + scheme, fmt.Sprintf("--window-size=%d,%d", shotWidth, shotHeight), "--screenshot=" + shot,
	}
	if os.Geteuid() == 0 { // its sandbox does not start for root; the page is ours
		args = append(args, "--no-sandbox")
	}
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(page), Fragment: anchor}
	cmd := exec.CommandContext(ctx, string(b), append(args, at.String())...)
	cmd.WaitDelay = 5 * time.Second
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", b, err, bytes.TrimSpace(output[max(0, len(output)-300):]))
	}
	data, err := os.ReadFile(shot)
	if err != nil {
		return fmt.Errorf("reading the browser's picture: %w", err)
	}
	if data, err = trimmed(data); err != nil {
		return fmt.Errorf("cutting the browser's picture: %w", err)
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	return nil
}

// trimmed cuts away the rows at the end that are all of one colour, but a few.
func trimmed(data []byte) ([]byte, error) {
	const keep = 24
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	bounds := src.Bounds()
	empty := src.At(bounds.Min.X, bounds.Max.Y-1)
	last := bounds.Max.Y - 1
	for ; last > bounds.Min.Y; last-- {
		same := true
		for x := bounds.Min.X; x < bounds.Max.X && same; x++ {
			same = src.At(x, last) == empty
		}
		if !same {
			break
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), min(last+keep, bounds.Max.Y)-bounds.Min.Y))
	draw.Draw(out, out.Bounds(), src, bounds.Min, draw.Src)
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out)
	return b.Bytes(), err
}
