// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A TCP port at which nobody listens, and which the system gives to nobody else while this is open.
 * Whoever asks for it by its number, with {@code SO_REUSEADDR}, can listen there: a second bind is
 * allowed while neither socket listens. Where a system does not allow that, the port is free but
 * not held.
 */
public final class HeldPort implements AutoCloseable {
  private final Socket held;
  private final int number;

  private HeldPort(Socket held) {
    this.held = held;
    this.number = held.getLocalPort();
  }

  /** Chooses a port and holds it. */
  public static HeldPort choose() throws IOException {
    Socket socket = new Socket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(0));
    HeldPort port = new HeldPort(socket);
    try {
      port.listening().close();
    } catch (IOException notBoth) {
      socket.close();
    }
    return port;
  }

  /** Returns a socket that listens at the port, closed by the caller. */
  public ServerSocket listening() throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(number));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Returns the port's number. */
  public int number() {
    return number;
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}
