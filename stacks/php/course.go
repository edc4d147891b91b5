package php

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// course says whether calls are a program's own course: the application's code, which no library called that takes
// work, as the worker of a queue does. Functions in C call back what they were given, and take no work.
func course(s server, frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return s.commandLine() && own >= 0 && !slices.ContainsFunc(frames[own:], takesWork)
}

// takesWork says that a call is of a library that may have got the work of what it calls from somebody. Consoles only run
// the command that the program was started with.
func takesWork(f stacks.Frame) bool {
	return f.Library && f.File != "" && !slices.ContainsFunc(consoles(), func(folder string) bool {
		return strings.Contains(f.File, folder)
	})
}

// consoles are the folders of Symfony's console and of Laravel's, which calls commands through its container.
func consoles() []string {
	return []string{"/symfony/console/", "/Illuminate/Console/", "/Illuminate/Foundation/Console/", "/Illuminate/Container/"}
}

// fetches says whether a program waits for its next message: in a function that does nothing else, which its own loop
// calls, or in the loop of a library's worker.
func fetches(s server, frames []stacks.Frame) bool {
	if !s.commandLine() || len(frames) == 0 || frames[0].File != "" {
		return false
	}
	if isFetch(frames[0].Function) {
		return !slices.ContainsFunc(frames, takesWork)
	}
	for _, one := range workerRests() {
		for i := 1; i < len(frames); i++ {
			if frames[i].Function == one.function {
				return true
			}
			if one.through == "" || !strings.HasPrefix(frames[i].Function, one.through) {
				break
			}
		}
	}
	return false
}

// isFetch says that a function in C waits for a message. Names are those in the sources of phpredis 5.3, php-amqp 2.1,
// php-rdkafka 6.0 and PHP's sysvmsg; PHP's names know no case. Of these phpredis and sysvmsg were tried.
func isFetch(function string) bool {
	switch strings.ToLower(function) {
	case "redis::blpop", "redis::brpop", "redis::brpoplpush", "redis::blmove", "redis::blmpop", "redis::bzpopmin",
		"redis::bzpopmax", "redis::bzmpop", "redis::xread", "redis::xreadgroup", "redis::subscribe", "redis::psubscribe",
		"amqpqueue::consume", "rdkafka\\consumertopic::consume", "rdkafka\\kafkaconsumer::consume", "msg_receive":
		return true
	}
	return false
}

// A workerRest is where a library's worker pauses, or waits for its next message. Between it and the function in C that
// waits only functions of the prefix through may be.
type workerRest struct{ function, through string }

// workerRests were read in the sources of Laravel 8 to 11, Symfony 5 to 7 and php-amqplib 3; none was tried.
func workerRests() []workerRest {
	return []workerRest{
		{"Illuminate\\Queue\\Worker::sleep", ""},
		{"Symfony\\Component\\Messenger\\Worker::run", "Symfony\\Component\\Clock\\"},
		{"PhpAmqpLib\\Channel\\AMQPChannel::consume", "PhpAmqpLib\\"},
	}
}
