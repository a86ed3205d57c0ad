// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The meeting of a job's processes at the port of the first, before anything else is done. */
record Rendezvous(Job job, Claims claims, Limits limits, JobFailure.Listener listener) {
  static final long MAGIC = 0x6d64342d6a6f6231L; // md4-job1
  private static final int GREETING_MILLIS = 10_000;
  private static final int RETRY_MILLIS = 100;
  private static final int MOST_BYTES = 1 << 24;

  /** A process that has greeted the first. */
  private record Arrival(
      int rank, int size, Claims claims, Socket socket, DataInputStream in, DataOutputStream out) {

    private Peer peer() {
      return new Peer(claims.name(rank), socket, in, out);
    }
  }

  /**
   * Waits for all processes and returns the connections.
   *
   * @throws IOException if they do not all arrive in time, or the port is in use
   * @throws JobException if their claims contradict each other
   */
  Control join() throws IOException {
    return job.rank() == 0 ? receive() : arrive();
  }

  private Control receive() throws IOException {
    BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    try (ServerSocket server = listening()) {
      Thread door = new Thread(() -> admit(server, arrivals), "md4-door");
      door.setDaemon(true);
      door.start();
      Map<Integer, Arrival> others = new TreeMap<>();
      Optional<JobFailure> failure = await(arrivals, others).or(() -> contradiction(others));
      List<Peer> peers = others.values().stream().map(Arrival::peer).toList();
      Control control = Control.first(name(), peers, limits, listener);
      if (failure.isPresent()) {
        throw control.ended(failure.get());
      }
      byte[] unused = control.exchange(new byte[0], each -> new byte[0]);
      return control;
    }
  }

  private ServerSocket listening() throws IOException {
    ServerSocket server = new ServerSocket();
    try {
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(job.port()), job.size());
      return server;
    } catch (BindException e) {
      server.close();
      throw new IOException(
          "rank 0 cannot listen at port %d (%s); set MASTER_PORT to another"
              .formatted(job.port(), e.getMessage()),
          e);
    }
  }

  private void admit(ServerSocket server, BlockingQueue<Arrival> arrivals) {
    try {
      while (true) {
        Socket socket = server.accept();
        Thread greeter = new Thread(() -> greet(socket, arrivals), "md4-greeter");
        greeter.setDaemon(true);
        greeter.start();
      }
    } catch (IOException unused) {
      // all have arrived, or the time is up
    }
  }

  /** Reads who has come; a stranger is sent away. */
  private void greet(Socket socket, BlockingQueue<Arrival> arrivals) {
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(GREETING_MILLIS);
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
      if (in.readLong() != MAGIC || !in.readUTF().equals(job.token())) {
        socket.close();
        return;
      }
      int rank = in.readInt();
      int size = in.readInt();
      int length = in.readInt();
      if (rank < 1 || rank >= size || length < 0 || length > MOST_BYTES) {
        socket.close();
        return;
      }
      arrivals.add(new Arrival(rank, size, Claims.read(in.readNBytes(length)), socket, in, out));
    } catch (IOException e) {
      close(socket);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException unused) {
      // nothing is left to be done with it
    }
  }

  private Optional<JobFailure> contradiction(Map<Integer, Arrival> others) {
    List<Claims> all = new ArrayList<>(List.of(claims));
    others.values().forEach(other -> all.add(other.claims));
    return Claims.contradiction(all);
  }

  private String name() {
    return claims.name(job.rank());
  }

  /** Waits until all have arrived; returns why they have not. */
  private Optional<JobFailure> await(BlockingQueue<Arrival> arrivals, Map<Integer, Arrival> others)
      throws IOException {
    long end = System.nanoTime() + limits.join().toNanos();
    while (others.size() < job.size() - 1) {
      long left = end - System.nanoTime();
      Optional<Arrival> next = next(arrivals, Math.min(left, limits.notice().toNanos()));
      if (next.isPresent()) {
        Optional<JobFailure> unfit = admitted(next.get(), others);
        if (unfit.isPresent()) {
          return unfit;
        }
      } else if (left > limits.notice().toNanos()) {
        listener.waiting(
            "waiting for %s of %d at port %d".formatted(missing(others), job.size(), job.port()));
      } else {
        return failure(
            "%s of %d did not arrive at port %d within %d s"
                .formatted(missing(others), job.size(), job.port(), limits.join().toSeconds()),
            JobFailure.FAILURE);
      }
    }
    return Optional.empty();
  }

  /** Counts a process among those that have arrived; returns why it cannot be. */
  private Optional<JobFailure> admitted(Arrival next, Map<Integer, Arrival> others) {
    Arrival before = others.put(next.rank, next);
    if (next.size != job.size()) {
      return failure(
          "%s is one of %d processes, rank 0 of %d; WORLD_SIZE must be the same for all"
              .formatted(next.claims.name(next.rank), next.size, job.size()),
          JobFailure.USAGE);
    }
    return before != null && isAlive(before)
        ? failure(
            "two processes are rank %d: %s and %s"
                .formatted(next.rank, before.claims.place(), next.claims.place()),
            JobFailure.FAILURE)
        : Optional.empty();
  }

  private static Optional<JobFailure> failure(String text, int code) {
    return Optional.of(new JobFailure(text, code, true));
  }

  /** Returns whether one that has arrived is still there; it may have been started again. */
  private static boolean isAlive(Arrival arrival) {
    try {
      arrival.socket.setSoTimeout(RETRY_MILLIS);
      return arrival.in.read() >= 0;
    } catch (java.net.SocketTimeoutException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<Arrival> next(BlockingQueue<Arrival> arrivals, long nanoseconds)
      throws IOException {
    try {
      return Optional.ofNullable(arrivals.poll(nanoseconds, TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the other processes", e);
    }
  }

  private String missing(Map<Integer, Arrival> others) {
    List<String> missing = new ArrayList<>();
    for (int rank = 1; rank < job.size(); rank++) {
      if (!others.containsKey(rank)) {
        missing.add("rank " + rank);
      }
    }
    return String.join(", ", missing);
  }

  private Control arrive() throws IOException {
    long start = System.nanoTime();
    long end = start + limits.join().toNanos();
    long told = start;
    IOException last = new IOException("not tried");
    while (System.nanoTime() < end) {
      try {
        return welcomed(end);
      } catch (IOException e) {
        last = e;
        pause();
      }
      if (System.nanoTime() - told > limits.notice().toNanos()) {
        told = System.nanoTime();
        listener.waiting("looking for rank 0 " + place(last));
      }
    }
    throw new IOException(
        "rank %d found no rank 0 within %d s %s; is it running, and MASTER_ADDR right?"
            .formatted(job.rank(), limits.join().toSeconds(), place(last)),
        last);
  }

  /** Returns where the first process was looked for in vain, and why. */
  private String place(IOException failure) {
    String why = failure instanceof UnknownHostException ? "unknown host" : failure.getMessage();
    return "at %s:%d (%s)".formatted(job.address(), job.port(), why);
  }

  private Control welcomed(long end) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(job.address(), job.port()), GREETING_MILLIS);
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
      out.writeLong(MAGIC);
      out.writeUTF(job.token());
      out.writeInt(job.rank());
      out.writeInt(job.size());
      byte[] mine = claims.bytes();
      out.writeInt(mine.length);
      out.write(mine);
      out.flush();
      // The first word of the first process comes when all have arrived.
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      socket.setSoTimeout(Math.toIntExact(Math.max(RETRY_MILLIS, left + GREETING_MILLIS)));
      in.mark(1);
      if (in.read() < 0) {
        throw new IOException("sent away");
      }
      in.reset();
      Peer first = new Peer("rank 0 (at %s)".formatted(job.address()), socket, in, out);
      Control control = Control.other(name(), first, limits, listener);
      byte[] unused = control.exchange(new byte[0], each -> new byte[0]);
      return control;
    } catch (IOException | RuntimeException e) {
      close(socket);
      throw e;
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while looking for rank 0", e);
    }
  }
}
