// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The connections between the first process and all others: what they do together on their hosts,
 * signs of life, and the news of a failure, which the first passes on.
 */
final class Control implements AutoCloseable, Peer.Events {
  private static final Duration NEWS = Duration.ofSeconds(1);
  private static final Duration LOOK = Duration.ofMillis(10);

  private final String name;
  private final Side side;
  private final JobFailure.Listener listener;
  private final AtomicReference<JobFailure> failure = new AtomicReference<>();

  /** One side of the connections: that of the first process, or of another. */
  private sealed interface Side {
    List<Peer> peers();

    byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination) throws IOException;

    JobFailure lost(Peer peer, String reason);

    /** Returns the name of the process of a rank from 1 on, where this side reports of it. */
    Optional<String> name(int rank);
  }

  private Control(String name, Side side, Duration silence, JobFailure.Listener listener)
      throws IOException {
    this.name = name;
    this.side = side;
    this.listener = listener;
    for (Peer peer : side.peers()) {
      peer.listen(silence, this);
    }
  }

  /**
   * Returns the first process's side.
   *
   * @param name of this process, for messages
   * @param others in the order of their ranks
   */
  static Control first(String name, List<Peer> others, Limits limits, JobFailure.Listener listener)
      throws IOException {
    return new Control(name, new First(others, limits.patience()), limits.silence(), listener);
  }

  /** Returns another process's side. */
  static Control other(String name, Peer first, Limits limits, JobFailure.Listener listener)
      throws IOException {
    return new Control(name, new Other(first, limits.waitForFirst()), limits.silence(), listener);
  }

  /**
   * Returns what the first process makes of the contents of all, in the order of their ranks. All
   * call it, in the same order of calls.
   *
   * @throws JobException if one of them fails or does not come
   */
  byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination) {
    check();
    try {
      return side.exchange(mine, combination);
    } catch (IOException e) {
      awaitNews();
      check(); // a peer may have told the cause before its connection broke
      JobFailure found = new JobFailure(e.getMessage(), JobFailure.FAILURE, true);
      boolean isOwn = tell(found, null);
      throw new JobException(failure.get(), !isOwn);
    }
  }

  /**
   * Ends the job where processes have begun differently.
   *
   * @param beginnings of all processes, a text each, by rank
   * @param advice what must be the same for all
   * @throws JobException if one differs from that of the first
   */
  void checkSame(List<String> beginnings, String advice) {
    for (int rank = 1; rank < beginnings.size(); rank++) {
      if (!beginnings.get(rank).equals(beginnings.get(0))) {
        String text = "begins with %s, rank 0 with %s; %s";
        String difference = text.formatted(beginnings.get(rank), beginnings.get(0), advice);
        Optional<String> other = side.name(rank);
        if (other.isPresent()) {
          throw ended(new JobFailure(other.get() + " " + difference, JobFailure.DATA, true));
        }
        byte[] unused = exchange(new byte[0], each -> new byte[0]); // the first says why
      }
    }
  }

  /** Gives the threads that listen to the peers a moment to hear why one has ended. */
  private void awaitNews() {
    long end = System.nanoTime() + NEWS.toNanos();
    while (failure.get() == null && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  private void check() {
    JobFailure known = failure.get();
    if (known != null) {
      throw new JobException(known, true);
    }
  }

  /** Tells all others that this process fails. */
  void fail(String text, int code) {
    boolean unused = tell(new JobFailure(name + ": " + text, code, true), null);
  }

  /** Ends the job by a failure that this process reports by itself. */
  JobException ended(JobFailure found) {
    boolean unused = tell(found, null);
    return new JobException(found, false);
  }

  /**
   * Passes a failure on, if it is the first; returns whether it is. Whoever waits here for data of
   * any peer hears of it at once.
   */
  private boolean tell(JobFailure found, Peer from) {
    if (!failure.compareAndSet(null, found)) {
      return false;
    }
    byte[] text = found.text().getBytes(StandardCharsets.UTF_8);
    ByteBuffer content = ByteBuffer.allocate(Integer.BYTES + text.length);
    Frame frame = new Frame(Frame.Kind.FAILURE, content.putInt(found.code()).put(text).array());
    side.peers().stream().filter(peer -> peer != from).forEach(peer -> peer.tell(frame));
    side.peers().forEach(Peer::wake);
    return true;
  }

  @Override
  public void failed(Peer peer, byte[] content) {
    ByteBuffer buffer = ByteBuffer.wrap(content);
    int code = content.length < Integer.BYTES ? JobFailure.FAILURE : buffer.getInt();
    String text = StandardCharsets.UTF_8.decode(buffer).toString();
    end(new JobFailure(text, code, true), peer);
  }

  @Override
  public void lost(Peer peer, String reason) {
    end(side.lost(peer, reason), peer);
  }

  private void end(JobFailure found, Peer from) {
    if (tell(found, from)) {
      listener.failed(found);
    }
  }

  /** Tells the others that this process ends as it should. */
  @Override
  public void close() {
    if (failure.get() == null) {
      side.peers().forEach(peer -> peer.tell(Frame.of(Frame.Kind.END)));
    }
    side.peers().forEach(Peer::close);
  }

  /** The first process, with all others in the order of their ranks. */
  private record First(List<Peer> peers, Duration patience) implements Side {
    @Override
    public byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination)
        throws IOException {
      List<byte[]> all = new ArrayList<>();
      all.add(mine);
      for (Peer peer : peers) {
        all.add(peer.take(patience));
      }
      byte[] combined = combination.apply(all);
      for (Peer peer : peers) {
        peer.send(new Frame(Frame.Kind.DATA, combined));
      }
      return combined;
    }

    @Override
    public JobFailure lost(Peer peer, String reason) {
      return new JobFailure(peer.name() + " " + reason, JobFailure.FAILURE, true);
    }

    @Override
    public Optional<String> name(int rank) {
      return Optional.of(peers.get(rank - 1).name());
    }
  }

  /** Another process, with the first. */
  private record Other(Peer first, Duration patience) implements Side {
    @Override
    public List<Peer> peers() {
      return List.of(first);
    }

    @Override
    public byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination)
        throws IOException {
      first.send(new Frame(Frame.Kind.DATA, mine));
      return first.take(patience);
    }

    @Override
    public JobFailure lost(Peer peer, String reason) {
      return new JobFailure(peer.name() + " " + reason, JobFailure.FAILURE, false);
    }

    @Override
    public Optional<String> name(int rank) {
      return Optional.empty();
    }
  }
}
