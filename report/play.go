package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed play.html
var playPage string

// playScript plays the film in a page; it is the only script that a page has.
//
//go:embed play.js
var playScript string

// policy is the page's Content-Security-Policy: nothing is loaded from anywhere, and no script runs but playScript.
func policy() string {
	sum := sha256.Sum256([]byte(playScript))
	return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// film is the end of a page that can be played: what was filmed, and the script. Without a film it is empty, and the
// page has no script.
func (r *Report) film() (template.HTML, error) {
	if r.Film == nil {
		return "", nil
	}
	packed, err := r.packed()
	if err != nil {
		return "", fmt.Errorf("pack the film: %w", err)
	}
	return template.HTML(`<script type="text/plain" id="film">` + packed + "</script>\n<script>" + playScript + "</script>"), nil
}

// playChart is response times and lanes of a variant in one picture, with a line where the moment is. What they show is
// drawn once, in the variant's own section, and used here.
func (r *Report) playChart(i int) template.HTML {
	v := &r.Variants[i]
	places, _ := lanesOf(v, r.Film, i)
	height := chartTop + len(places)*laneHeight + chartBottom
	above := 0
	if len(v.Load.Series.Points) > 0 {
		above = chartHeight - 12 // the lanes' head is empty
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" data-left="%d" data-right="%d" role="img" aria-label="%s">`, chartWidth,
		above+height, chartLeft, chartWidth-chartRight, template.HTMLEscapeString(describe(v)))
	if above > 0 {
		fmt.Fprintf(&b, `<use href="#response-%d"/>`, i)
	}
	if len(places) > 0 {
		fmt.Fprintf(&b, `<use href="#lanes-%d" y="%d"/>`, i, above)
	}
	fmt.Fprintf(&b, `<rect class="later" x="%d" y="%d" width="0" height="%d"/><g class="playhead"><line x1="0" x2="0" y1="14" y2="%d"/><path d="M-6 8h12l-6 8z"/></g></svg>`,
		chartWidth-chartRight, chartTop, above+height-chartTop-chartBottom, above+height-chartBottom-8)
	return template.HTML(b.String())
}

// seekTo is the address of a moment in the page, as a jump to a mark lands there.
func seekTo(at time.Duration) string {
	return fmt.Sprintf("#t=%.1f", at.Seconds())
}
