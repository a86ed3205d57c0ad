// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The writer of server-sent events. They reach the client at {@link #flush}. */
final class EventWriter implements AutoCloseable {
  private final OutputStream out;

  EventWriter(OutputStream out) {
    this.out = new BufferedOutputStream(out);
  }

  /** Writes an event with a name. */
  void event(String name, ObjectNode data) throws IOException {
    write("event: " + name + "\ndata: " + data + "\n\n");
  }

  /** Writes an event without a name, as OpenAI's API does. */
  void data(String data) throws IOException {
    write("data: " + data + "\n\n");
  }

  /** Writes a comment, which clients pass over: it keeps the connection in use. */
  void comment() throws IOException {
    write(":\n\n");
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
