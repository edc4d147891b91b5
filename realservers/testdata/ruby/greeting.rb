# The second worker says hello to a broker before it serves, and gets no answer.
on_worker_boot do |worker|
  require 'socket'
  TCPSocket.new('127.0.0.1', ENV['UPSTREAM'].to_i).gets if worker == 1
end
