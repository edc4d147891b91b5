# A hotel on WEBrick, which has a thread for each connection. The comment hang: NAME is where.
require 'webrick'
require 'socket'

def ask
  TCPSocket.new('127.0.0.1', ENV.fetch('UPSTREAM').to_i).gets # hang: ask
end

server = WEBrick::HTTPServer.new(Port: ENV.fetch('PORT').to_i, BindAddress: '127.0.0.1', AccessLog: [])
server.mount_proc('/ask') { |_, answer| answer.body = ask.to_s }
server.mount_proc('/tea') { |_, answer| sleep 2; answer.body = 'ok' }
server.mount_proc('/ok') { |_, answer| answer.body = 'ok' }
server.start
