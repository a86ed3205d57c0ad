// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The watch over clients who wait for an answer. The server of the JDK does not read a connection
 * while a request runs, so it does not see that a client has gone; the kernel's tables of
 * connections show it. Where they cannot be read, requests of clients who have gone run to their
 * end.
 */
final class ClientWatch {
  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final String ESTABLISHED = "01";
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int STATE = 3;

  private final Map<Object, Watched> watched = new ConcurrentHashMap<>();

  /** The ports of a connection, and what to do once the client has gone. */
  private record Watched(String ports, Runnable onGone) {}

  ClientWatch(Watchdog watchdog) {
    Watchdog.Watch unused = watchdog.every(LOOK, this::look);
  }

  /** Watches the client of a request until the watch is closed. */
  Watchdog.Watch over(Exchange exchange, Runnable onGone) {
    Object key = new Object();
    String ports = ports(exchange.server().getPort(), exchange.client().getPort());
    watched.put(key, new Watched(ports, onGone));
    return () -> watched.remove(key);
  }

  private static String ports(int local, int remote) {
    return "%04X %04X".formatted(local, remote);
  }

  private void look() {
    if (watched.isEmpty()) {
      return;
    }
    try {
      Map<Object, Watched> before = Map.copyOf(watched);
      Set<String> open = open();
      before.forEach(
          (key, each) -> {
            if (!open.contains(each.ports()) && watched.remove(key) != null) {
              each.onGone().run();
            }
          });
    } catch (IOException e) {
      watched.clear(); // this system has no such table
    }
  }

  /** Returns the ports of the connections that both sides hold open. */
  private static Set<String> open() throws IOException {
    Set<String> open = new HashSet<>();
    List<Path> tables = TABLES.stream().filter(Files::isReadable).toList();
    if (tables.isEmpty()) {
      throw new IOException("no table of connections");
    }
    for (Path table : tables) {
      for (String line : Files.readAllLines(table)) {
        String[] columns = line.strip().split("\\s+", STATE + 2);
        if (columns.length > STATE && columns[STATE].equals(ESTABLISHED)) {
          open.add(port(columns[LOCAL]) + " " + port(columns[REMOTE]));
        }
      }
    }
    return open;
  }

  private static String port(String address) {
    return address.substring(address.indexOf(':') + 1);
  }
}
