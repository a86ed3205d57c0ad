// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The connection to another process of the job, with a thread that listens to it. */
final class Peer implements AutoCloseable {
  private static final long PING_MILLIS = 2000;

  private final String name;
  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final BlockingQueue<Frame> inbox = new LinkedBlockingQueue<>();
  private volatile boolean isEnded;

  /** What a peer may tell besides data. */
  interface Events {
    /** The peer has sent a failure. */
    void failed(Peer peer, byte[] content);

    /** The peer has gone without a word, for the reason given. */
    void lost(Peer peer, String reason);
  }

  Peer(String name, Socket socket, DataInputStream in, DataOutputStream out) {
    this.name = name;
    this.socket = socket;
    this.in = in;
    this.out = out;
  }

  /** Returns the name for messages, such as rank 3 (process 71 on node2). */
  String name() {
    return name;
  }

  /** Begins to listen; a peer that is silent for so long is lost. */
  void listen(Duration silence, Events events) throws IOException {
    socket.setSoTimeout(Math.toIntExact(silence.toMillis()));
    start(() -> listen(events, silence));
    start(this::giveSignsOfLife);
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "md4-peer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Runs in a thread of its own for each peer: one that has stopped must not delay the others. */
  private void giveSignsOfLife() {
    try {
      while (!isEnded) {
        send(Frame.of(Frame.Kind.PING));
        Thread.sleep(PING_MILLIS);
      }
    } catch (IOException unused) {
      // the other thread says so
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen(Events events, Duration silence) {
    try {
      while (true) {
        Frame frame = Frame.read(in);
        switch (frame.kind()) {
          case PING -> {}
          case DATA -> inbox.add(frame);
          case FAILURE -> events.failed(this, frame.content());
          case END -> {
            isEnded = true;
            inbox.add(frame);
            return;
          }
        }
      }
    } catch (SocketTimeoutException e) {
      lost(events, "has not given a sign of life for %d s".formatted(silence.toSeconds()));
    } catch (IOException e) {
      lost(events, "is gone");
    }
  }

  private void lost(Events events, String reason) {
    if (!isEnded) {
      events.lost(this, reason);
      wake();
    }
  }

  /**
   * Sends data or a sign of life.
   *
   * @throws IOException if the connection is broken
   */
  synchronized void send(Frame frame) throws IOException {
    try {
      frame.write(out);
    } catch (IOException e) {
      throw new IOException(name + " is gone", e);
    }
  }

  /** Sends what may as well be lost, since the receiver may be gone. */
  void tell(Frame frame) {
    try {
      send(frame);
    } catch (IOException unused) {
      // its reader says so
    }
  }

  /**
   * Waits for data.
   *
   * @throws IOException if none comes in time, or the peer has ended
   */
  byte[] take(Duration patience) throws IOException {
    Frame frame;
    try {
      frame = inbox.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + name, e);
    }
    if (frame == null) {
      throw new IOException(
          "%s has been waited for for %d s; it hangs, or parallel.waitSeconds is too small"
              .formatted(name, patience.toSeconds()));
    }
    if (frame.kind() == Frame.Kind.END) {
      inbox.add(frame);
      throw new IOException(name + " has ended before the others");
    }
    return frame.content();
  }

  /** Ends the wait for data, now and from now on: the job has failed. */
  void wake() {
    inbox.add(Frame.of(Frame.Kind.END));
  }

  @Override
  public void close() {
    isEnded = true;
    try {
      socket.close();
    } catch (IOException unused) {
      // nothing is left to be done with it
    }
  }
}
