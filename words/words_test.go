package words

import (
	"testing"
	"time"
)

// The golden table: how each writer writes. What is read on screens and in reports changes here first.
func TestEachKindOfFigureHasOneWriter(t *testing.T) {
	const ms, s, min, hour = time.Millisecond, time.Second, time.Minute, time.Hour
	for _, row := range []struct{ got, want string }{
		{Count(0, "request"), "0 requests"},
		{Count(1, "request"), "1 request"},
		{Count(uint64(2), "request"), "2 requests"},
		{Count(2, "crash"), "2 crashes"},
		{Count(3, "process"), "3 processes"},
		{Were(1, "task"), "1 task was"},
		{Were(uint64(7), "task"), "7 tasks were"},
		{Do(1, "connection", "wait"), "1 connection waits"},
		{Do(2, "connection", "wait"), "2 connections wait"},
		{Choose(1, "it", "they"), "it"},
		{Choose(0, "it", "they"), "they"},
		{Times(1), "once"},
		{Times(3), "3 times"},

		{Number(0), "0"},
		{Number(999), "999"},
		{Number(4388), "4,388"},
		{Number(1234567), "1,234,567"},
		{Number(2.5), "2.5"},
		{Number(-123), "-123"},
		{Number(-4388), "-4,388"},
		{Share(0.025), "2.50 %"},
		{Share(1), "100.00 %"},
		{Percent(0.034), "3%"},
		{Rate(199.6), "200/s"},

		{Ago(2 * s), "just now"},
		{Ago(5 * min), "5 min ago"},
		{Ago(3 * hour), "3 h ago"},
		{Ago(72 * hour), "3 days ago"},

		{Duration(0), "0 s"},
		{Duration(250 * time.Microsecond), "250 µs"},
		{Duration(4100 * time.Microsecond), "4.1 ms"},
		{Duration(19 * ms), "19 ms"},
		{Duration(7900 * ms), "7.90 s"},
		{Duration(4 * min), "240 s"},
		{Milliseconds(0.5), "500 µs"},
		{Seconds(1240 * ms), "1.2 s"},
		{Seconds(-5700 * ms), "-5.7 s"},
		{Elapsed(12900 * ms), "12 s"},
		{Since(1254 * ms), "+1.25 s"},
		{Short(-1), "-"},
		{Short(5140 * ms), "5.1s"},
		{Short(48 * s), "48s"},
		{Short(12 * min), "12m"},
		{Short(100 * s), "1.7m"},
		{Short(3 * hour), "3.0h"},
		{Planned(8 * s), "8s"},
		{Planned(90 * s), "1m30s"},
		{Planned(2 * min), "2m"},
		{Round(0), "0"},
		{Round(100 * time.Microsecond), "0.1 ms"},
		{Round(50 * ms), "50 ms"},
		{Round(10 * s), "10 s"},

		{Moment(8214 * ms), "00:08.214"},
		{Moment(61 * min), "61:00.000"},
		{Moment(-1500 * ms), "-00:01.500"},
		{Watch(hour + 2*min + 3*s + 456*ms), "01:02:03.4"},
		{Watch(-5700 * ms), "5.7 s before this watch"},
		{Clock(14 * s), "00:14"},
		{Clock(hour + 2*min + 3*s), "1:02:03"},
		{Tick(5 * s), "5s"},
		{Tick(90 * s), "1:30"},

		{Size(0), "0 B"},
		{Size(1023), "1023 B"},
		{Size(64 << 10), "64 KiB"},
		{Size(31 << 20), "31 MiB"},
		{Size(3 << 29), "1.5 GiB"},
		{Bytes(12 << 10), "12 KiB"},
		{Bytes(-3 << 20), "-3.0 MiB"},
		{Bytes(5 << 28), "1.25 GiB"},
		{Bytes(-100), "-100 B"},
		{ShortSize(0), "-"},
		{ShortSize(900 << 10), "900K"},
		{ShortSize(31 << 20), "31M"},
		{ShortSize(1200 << 20), "1.2G"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}
