package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// browser is a Chromium that makes pictures of pages.
type browser string

// findBrowser looks for one by the names that systems give it.
func findBrowser() (b browser, ok bool) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser(path), true
		}
	}
	return "", false
}

// shot is a picture to be made of what a page shows at an anchor.
type shot struct {
	page, anchor string
	dark         bool
	out          string
}

// shootAll makes the pictures, a few at a time.
func (b browser) shootAll(ctx context.Context, shots []shot) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan shot)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for s := range queue {
				if err := b.shoot(ctx, s); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, s := range shots {
		if ctx.Err() != nil {
			break
		}
		queue <- s
	}
	close(queue)
	wg.Wait()
	return context.Cause(ctx)
}

const (
	shotWidth   = 740
	shotHeight  = 9000 // what is empty below is cut away
	shotTimeout = 60 * time.Second
)

func (b browser) shoot(ctx context.Context, s shot) error {
	ctx, cancel := context.WithTimeout(ctx, shotTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "isitdown-preview-")
	if err != nil {
		return fmt.Errorf("making a folder for the browser: %w", err)
	}
	defer os.RemoveAll(dir)
	page, err := filepath.Abs(s.page)
	if err != nil {
		return fmt.Errorf("finding the page: %w", err)
	}
	taken := filepath.Join(dir, "shot.png")
	scheme := "1" // blink's names for dark and light
	if s.dark {
		scheme = "0"
	}
	args := []string{
		"--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--blink-settings=preferredColorScheme=" + scheme, fmt.Sprintf("--window-size=%d,%d", shotWidth, shotHeight), "--screenshot=" + taken,
	}
	if os.Geteuid() == 0 { // its sandbox does not start for root; the page is ours
		args = append(args, "--no-sandbox")
	}
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(page), Fragment: s.anchor}
	cmd := exec.CommandContext(ctx, string(b), append(args, at.String())...)
	cmd.WaitDelay = 5 * time.Second
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w: %s", b, err, bytes.TrimSpace(output[max(0, len(output)-300):]))
	}
	data, err := os.ReadFile(taken)
	if err != nil {
		return fmt.Errorf("reading the browser's picture: %w", err)
	}
	if data, err = trimmed(data); err != nil {
		return fmt.Errorf("cutting the browser's picture: %w", err)
	}
	if err := os.WriteFile(s.out, data, 0o644); err != nil {
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
	out := reduced(src, image.Rect(bounds.Min.X, bounds.Min.Y, bounds.Max.X, min(last+keep, bounds.Max.Y)))
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out)
	return b.Bytes(), err
}

// reduced gives a part of a picture in 256 colours: the commonest of each of the
// commonest kinds. The others are at the edges of letters, and there nobody sees the
// difference.
func reduced(src image.Image, part image.Rectangle) image.Image {
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(src.At(x, y)).(color.RGBA) }
	counts := map[color.RGBA]int{}
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	number := func(c color.RGBA) uint32 { return uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B) }
	kind := func(c color.RGBA) uint32 { return number(c) & 0xf0f0f0 }
	kinds := map[uint32]int{}
	for c, n := range counts {
		kinds[kind(c)] += n
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(kinds[kind(b)]-kinds[kind(a)], cmp.Compare(kind(a), kind(b)), counts[b]-counts[a], cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	for i, c := range colours {
		if len(palette) < 256 && (i == 0 || kind(c) != kind(colours[i-1])) {
			palette = append(palette, c)
		}
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(image.Rect(0, 0, part.Dx(), part.Dy()), palette)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			out.SetColorIndex(x-part.Min.X, y-part.Min.Y, index[at(x, y)])
		}
	}
	return out
}
