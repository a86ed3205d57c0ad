// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A TCP port that the system gives to nobody who asks for any free one, while this is open. Nobody
 * listens there yet. The first process of a job, which asks for it by its number with {@code
 * SO_REUSEADDR}, can listen there: Linux allows a second bind while neither socket listens. Where a
 * system does not allow that, the port is free but not held.
 */
public final class HeldPort implements AutoCloseable {
  private final Socket held;
  private final int number;

  private HeldPort(Socket held) {
    this.held = held;
    this.number = held.getLocalPort();
  }

  /**
   * Chooses a free port and holds it.
   *
   * @return the port, closed by the caller
   * @throws IOException if no port is free
   */
  public static HeldPort choose() throws IOException {
    return hold(0);
  }

  /**
   * Holds a port.
   *
   * @param number of the port, in [1, 65535]; 0 for any that is free
   * @return the port, closed by the caller
   * @throws IOException if the port is in use or not allowed
   */
  public static HeldPort hold(int number) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(number));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    HeldPort port = new HeldPort(socket);
    try {
      port.listening().close();
    } catch (IOException notBoth) {
      socket.close();
    }
    return port;
  }

  /**
   * Returns a socket that listens at the port.
   *
   * @return the socket, closed by the caller
   * @throws IOException if another one listens there
   */
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

  /**
   * Returns the port's number.
   *
   * @return the number, in [1, 65535]
   */
  public int number() {
    return number;
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}
