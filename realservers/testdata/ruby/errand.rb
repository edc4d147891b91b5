# A program that listens nowhere and does what it is told to. The comment hang: NAME is where it stands.
require 'net/http'

$stdout.sync = true
SHELF, TILL = Mutex.new, Mutex.new

def take(first, second, taken, other)
  Thread.new do
    first.synchronize do
      taken << true
      other.pop
      second.lock # hang: circle
    end
  end
end

def circle
  one, two = Queue.new, Queue.new
  both = [take(SHELF, TILL, one, two), take(TILL, SHELF, two, one)]
  Thread.new { loop { sleep 0.3 } }
  both.each(&:join)
end

def ask
  Net::HTTP.start('127.0.0.1', ENV['UPSTREAM'].to_i, read_timeout: nil) do |http|
    http.get('/') # hang: ask
  end
end

def rest
  loop do
    sleep 0.5 # hang: rest
  end
end

def fetch
  require 'redis'
  queue = Redis.new(port: ENV['REDIS'].to_i)
  loop { queue.blpop('jobs', timeout: 0) }
end

puts 'ready'
send(ARGV[0])
