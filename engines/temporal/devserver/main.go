// Command devserver is a Temporal server of one process with its store in a file of SQLite: what the tests and the
// benchmarks of the backend `temporal` run against. Temporal's own program cannot be built of its module, which
// replaces a part of it by a folder that the module has not.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

const (
	host      = "127.0.0.1"
	name      = "active" // of the one cluster that there is
	namespace = "default"
)

func main() {
	file := flag.String("db", "", "file that keeps everything")
	port := flag.Int("port", 7233, "port of the loopback")
	web := flag.Int("web", 0, "port of the loopback for the HTTP API; 0: none")
	flag.Parse()
	if err := serve(*file, *port, *web); err != nil {
		fmt.Fprintln(os.Stderr, "devserver:", err)
		os.Exit(1)
	}
}

// serve runs the server until it is told to end.
func serve(file string, port, web int) error {
	if file == "" {
		return errors.New("want a file: -db FILE")
	}
	store := &config.SQL{PluginName: sqliteplugin.PluginName, DatabaseName: file, ConnectAttributes: map[string]string{
		"mode": "rwc", "journal_mode": "wal", "synchronous": "full"}} // full: a commit is on the disk, sqlite.org/pragma.html
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := sqlite.SetupSchema(store); err != nil {
			return err
		}
	}
	first, err := sqlite.NewNamespaceConfig(name, namespace, false, nil)
	if err == nil {
		err = sqlite.CreateNamespaces(store, first)
	}
	if err != nil {
		return err
	}
	c, err := settings(store, port, web)
	if err != nil {
		return err
	}
	authorizer, err := authorization.GetAuthorizerFromConfig(&c.Global.Authorization)
	if err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Stdout: false, Level: "error"}))
	claims, err := authorization.GetClaimMapperFromConfig(&c.Global.Authorization, logger)
	if err != nil {
		return err
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service, s := range c.Services {
		hosts[primitives.ServiceName(service)] = static.SingleLocalHost(fmt.Sprintf("%s:%d", host, s.RPC.GRPCPort))
	}
	s, err := temporal.NewServer(temporal.WithConfig(c), temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts), temporal.WithLogger(logger), temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }))
	if err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return s.Stop()
}

// settings are those of a server on the loopback; clients connect to port, and its parts to one another on any other.
func settings(store *config.SQL, port, web int) (*config.Config, error) {
	c := &config.Config{Services: map[string]config.Service{}}
	for _, service := range temporal.DefaultServices {
		rpc := config.RPC{GRPCPort: port, HTTPPort: web, BindOnIP: host}
		if service != string(primitives.FrontendService) {
			free, err := freePort()
			if err != nil {
				return nil, err
			}
			rpc.GRPCPort, rpc.HTTPPort = free, 0
		}
		c.Services[service] = config.Service{RPC: rpc}
	}
	address := fmt.Sprintf("%s:%d", host, port)
	c.PublicClient.HostPort = address
	c.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: host}
	c.Persistence = config.Persistence{DefaultStore: "file", VisibilityStore: "file", NumHistoryShards: 1,
		DataStores: map[string]config.DataStore{"file": {SQL: store}}}
	c.ClusterMetadata = &cluster.Config{FailoverVersionIncrement: 10, MasterClusterName: name, CurrentClusterName: name,
		ClusterInformation: map[string]cluster.ClusterInformation{
			name: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address}}}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Archival.History.State, c.Archival.Visibility.State = config.ArchivalDisabled, config.ArchivalDisabled
	c.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	return c, nil
}

// freePort is a port of the loopback that nobody had a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
