# A letting agency whose threads wait for each other and for others. The comment hang: NAME is where.
require 'net/http'
require 'socket'

HOUSES, GUESTS = Mutex.new, Mutex.new
VISITS = Queue.new

def let(first, second)
  first.synchronize do
    sleep 0.4
    second.synchronize {} # hang: let
  end
end

def visit
  VISITS.pop # hang: visit
end

def ask
  Net::HTTP.start('127.0.0.1', ENV['UPSTREAM'].to_i, read_timeout: nil) { |http| http.get('/') } # hang: ask
end

def withdraw
  require 'pg'
  bank = PG.connect(host: '127.0.0.1', port: ENV['PGPORT'], user: 'shop', dbname: 'postgres')
  bank.exec("update account set balance = balance - 1 where id = #{ENV['ACCOUNT']}") # hang: withdraw
end

def ledger
  File.open("#{ENV['DIR']}/ledger", 'a') { |file| file.flock(File::LOCK_EX) } # hang: ledger
end

def print_lease
  Process.wait(spawn('sleep 9000')) # hang: print
end

class Events
  def each
    200.times { |n| yield "data: #{n}\n\n"; sleep 1 }
  end
end

run lambda { |env|
  case env['PATH_INFO']
  when '/in' then let(HOUSES, GUESTS)
  when '/out' then let(GUESTS, HOUSES)
  when '/visit' then visit
  when '/ask' then ask
  when '/withdraw' then withdraw
  when '/ledger' then ledger
  when '/print' then print_lease
  when '/poll' then sleep 60
  when '/events' then next [200, { 'content-type' => 'text/event-stream' }, Events.new]
  end
  [200, { 'content-type' => 'text/plain' }, ["ok\n"]]
}
