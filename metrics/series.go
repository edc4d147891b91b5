package metrics

import (
	"math"
	"sort"
	"time"

	"github.com/hangtime-dev/hangtime/hdr"
)

// A Series is the response time over time, by when the hits were due. Points are Step apart and at most 512; a longer
// run has longer steps.
type Series struct {
	Start  time.Duration // of the first point
	Step   time.Duration
	Points []Point
}

// A Point is one step of a Series.
type Point struct {
	Due, OK, Failed uint64
	P50, P99, Max   time.Duration
	Bands           [BandCount]uint32 // hits by response time, see BandFloor
}

// BandCount is how many bands a point's hits are sorted into, for a heat map.
const BandCount = 16

// BandFloor is the lower limit of band i: 3 bands to a decade, from 0.1 ms to 10 s; the lowest takes everything below,
// the highest everything above.
func BandFloor(i int) time.Duration {
	floors := [BandCount]time.Duration{0, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 200e6, 500e6, 1e9,
		2e9, 5e9, 10e9}
	return floors[i]
}

const (
	maxPoints = 512
	firstStep = 250 * time.Millisecond
	// Fine bands grow by 5 % from 10 µs; 380 of them reach 1,100 s. They are for drawing: the figures come from whole
	// histograms.
	fineBands  = 380
	fineGrowth = 1.05
	fineFloor  = 10 * time.Microsecond
)

// series sorts hits into points by when they were due. When there are too many points, neighbours are put together and
// the step doubles: the memory of a run of hours is that of a run of minutes.
type series struct {
	start time.Duration
	step  time.Duration
	cells []*seriesCell
}

type seriesCell struct {
	due, ok, failed uint64
	max             time.Duration
	fine            [fineBands]uint32
	total           uint64
	drawn           *Point // nil: changed since it was last made
}

func (s *series) cell(due time.Duration) *seriesCell {
	if s.step == 0 {
		s.step = firstStep
	}
	i := int(max(due-s.start, 0) / s.step)
	for i >= maxPoints && s.step <= math.MaxInt64/2 {
		s.halve()
		i = int(max(due-s.start, 0) / s.step)
	}
	i = min(i, maxPoints-1)
	for len(s.cells) <= i {
		s.cells = append(s.cells, &seriesCell{})
	}
	s.cells[i].drawn = nil
	return s.cells[i]
}

func (s *series) halve() {
	var half []*seriesCell
	for i := 0; i < len(s.cells); i += 2 {
		c := s.cells[i]
		if i+1 < len(s.cells) {
			c.add(s.cells[i+1])
		}
		half = append(half, c)
	}
	s.cells, s.step = half, s.step*2
}

func (c *seriesCell) add(o *seriesCell) {
	c.due += o.due
	c.ok += o.ok
	c.failed += o.failed
	c.total += o.total
	c.max = max(c.max, o.max)
	for i, n := range o.fine {
		c.fine[i] += n
	}
	c.drawn = nil
}

func (s *series) due(from time.Duration, n uint64) {
	if n > 0 {
		s.cell(from).due += n
	}
}

func (s *series) ended(due time.Duration, ok, failed uint64) {
	c := s.cell(due)
	c.ok += ok
	c.failed += failed
}

func (s *series) add(due time.Duration, bars []hdr.Bar) {
	c := s.cell(due)
	for _, one := range bars {
		took := time.Duration(one.Took) * time.Microsecond
		c.fine[fineBand(took)] += uint32(one.N)
		c.total += uint64(one.N)
		c.max = max(c.max, took)
	}
}

func fineBand(d time.Duration) int {
	if d <= fineFloor {
		return 0
	}
	return min(int(math.Log(float64(d)/float64(fineFloor))/math.Log(fineGrowth)), fineBands-1)
}

// fineMiddle is the geometric middle of a fine band.
func fineMiddle(i int) time.Duration {
	return time.Duration(float64(fineFloor) * math.Pow(fineGrowth, float64(i)+0.5))
}

func (s *series) points() Series {
	out := Series{Start: s.start, Step: s.step, Points: make([]Point, len(s.cells))}
	for i, c := range s.cells {
		if c.drawn == nil {
			c.drawn = c.draw()
		}
		out.Points[i] = *c.drawn
	}
	return out
}

func (c *seriesCell) draw() *Point {
	p := &Point{Due: c.due, OK: c.ok, Failed: c.failed, Max: c.max}
	var sum uint64
	for i, n := range c.fine {
		if n == 0 {
			continue
		}
		d := fineMiddle(i)
		before := sum
		sum += uint64(n)
		if want := (c.total + 1) / 2; before < want && sum >= want {
			p.P50 = min(d, c.max)
		}
		if want := c.total - c.total/100; before < want && sum >= want {
			p.P99 = min(d, c.max)
		}
		p.Bands[band(d)] += n
	}
	return p
}

// band is the heat map's band of a response time.
func band(d time.Duration) int {
	return sort.Search(BandCount, func(i int) bool { return BandFloor(i) > d }) - 1
}
