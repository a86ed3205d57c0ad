// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that lives and does not come, one that says nothing, and one that fails. */
@Tag("exact")
@Timeout(300)
@SuppressWarnings("try") // what is held open is not asked
final class ControlFaultsTest {
  private static final Claims CLAIMS = new Claims("process 7 on here", "", "md4 1", "a: 1", "0");
  private static final Duration LONG = Duration.ofSeconds(200);
  private static final byte[] NOTHING = {};

  private final CompletableFuture<JobFailure> ofFirst = new CompletableFuture<>();
  private final CompletableFuture<JobFailure> ofSecond = new CompletableFuture<>();
  private final ExecutorService other = Executors.newSingleThreadExecutor();
  private HeldPort port;

  @BeforeEach
  void choosePort() throws IOException {
    port = HeldPort.choose();
  }

  @AfterEach
  void end() throws IOException {
    other.shutdownNow();
    port.close();
  }

  private Rendezvous rank(int rank, Limits limits, CompletableFuture<JobFailure> failure) {
    return rank(rank, 2, limits, failure::complete);
  }

  private Rendezvous rank(int rank, int size, Limits limits, JobFailure.Listener listener) {
    Job job = new Job(rank, size, rank, "127.0.0.1", port.number(), "");
    return new Rendezvous(job, CLAIMS, limits, listener);
  }

  private static JobFailure soon(CompletableFuture<JobFailure> failure) throws Exception {
    return failure.get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void aProcessThatDoesNotCome_isNamedAfterTheWait() throws Exception {
    // More than the processes need to greet each other.
    Limits limits = new Limits(LONG, Duration.ofSeconds(3), LONG, LONG);
    CountDownLatch isOver = new CountDownLatch(1);
    Future<?> waiting =
        other.submit(
            () -> {
              try (Control second = rank(1, limits, ofSecond).join()) {
                assertThat(second).isNotNull();
                isOver.await();
              }
              return null;
            });
    try (Control first = rank(0, limits, ofFirst).join()) {
      long start = System.nanoTime();
      assertThatThrownBy(() -> first.exchange(NOTHING, all -> NOTHING))
          .isInstanceOf(JobException.class)
          .hasMessage(
              "rank 1 (process 7 on here) has been waited for for 3 s; it hangs, or"
                  + " parallel.waitSeconds is too small");
      assertThat(System.nanoTime() - start).isLessThan(LONG.toNanos());
      assertThat(soon(ofSecond).text()).startsWith("rank 1 (process 7 on here) has been waited");
      assertThat(soon(ofSecond).code()).isEqualTo(JobFailure.FAILURE);
    } finally {
      isOver.countDown();
      Object unused = waiting.get();
    }
  }

  @Test
  void aSilentProcess_isNamedAfterTheSilence() throws Exception {
    // Longer than the signs of life are apart.
    Limits limits = new Limits(LONG, LONG, Duration.ofSeconds(3), LONG);
    CountDownLatch isOver = new CountDownLatch(1);
    Future<?> second =
        other.submit(
            () -> {
              try (Socket silent = greeted()) {
                assertThat(silent.isConnected()).isTrue();
                isOver.await();
              }
              return null;
            });
    try (Control first = rank(0, limits, ofFirst).join()) {
      assertThat(soon(ofFirst).text())
          .isEqualTo("rank 1 (process 7 on here) has not given a sign of life for 3 s");
      assertThatThrownBy(() -> first.exchange(NOTHING, all -> NOTHING))
          .isInstanceOf(JobException.class);
    } finally {
      isOver.countDown();
      Object unused = second.get();
    }
  }

  /** Joins as rank 1, takes part in the first exchange, and is silent from then on. */
  private Socket greeted() throws IOException, InterruptedException {
    Socket socket = connected();
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeLong(Rendezvous.MAGIC);
    out.writeUTF("");
    out.writeInt(1);
    out.writeInt(2);
    out.writeInt(CLAIMS.bytes().length);
    out.write(CLAIMS.bytes());
    Frame.of(Frame.Kind.DATA).write(out);
    return socket;
  }

  private Socket connected() throws InterruptedException {
    while (true) {
      try {
        return new Socket(InetAddress.getLoopbackAddress(), port.number());
      } catch (IOException notYet) {
        Thread.sleep(20);
      }
    }
  }

  @Test
  void aFailureOfOne_isThatOfAll() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG, LONG);
    Future<?> second =
        other.submit(
            () -> {
              try (Control control = rank(1, limits, ofSecond).join()) {
                control.fail("the disk is full", 1);
                assertThat(soon(ofFirst)).isNotNull();
              }
              return null;
            });
    try (Control first = rank(0, limits, ofFirst).join()) {
      assertThat(soon(ofFirst))
          .isEqualTo(new JobFailure("rank 1 (process 7 on here): the disk is full", 1, true));
      assertThatThrownBy(() -> first.exchange(NOTHING, all -> NOTHING))
          .isInstanceOf(JobException.class)
          .hasMessage("rank 1 (process 7 on here): the disk is full");
    }
    Object unused = second.get();
  }

  @Test
  void aFailureOfTheFirst_endsTheWaitForIt() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG, LONG);
    Future<byte[]> second =
        other.submit(
            () -> {
              try (Control control = rank(1, limits, ofSecond).join()) {
                return control.exchange(NOTHING, all -> NOTHING);
              }
            });
    try (Control first = rank(0, limits, ofFirst).join()) {
      assertThatThrownBy(() -> second.get(500, TimeUnit.MILLISECONDS)) // it waits for the first
          .isInstanceOf(TimeoutException.class);
      first.fail("the disk is full", JobFailure.FAILURE);
      assertThatThrownBy(() -> second.get(LONG.toSeconds(), TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(JobException.class)
          .hasMessage("rank 0 (process 7 on here): the disk is full");
    }
  }

  @Test
  void aFailureOfOne_endsTheWaitForAnother() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG, LONG);
    CountDownLatch isWaitedFor = new CountDownLatch(1);
    ExecutorService third = Executors.newSingleThreadExecutor();
    try {
      Future<Control> idle = other.submit(() -> rank(1, 3, limits, ofSecond::complete).join());
      Future<?> failing =
          third.submit(
              () -> {
                try (Control control = rank(2, 3, limits, unused -> {}).join()) {
                  isWaitedFor.await();
                  control.fail("the disk is full", JobFailure.FAILURE);
                  assertThat(soon(ofFirst)).isNotNull();
                }
                return null;
              });
      try (Control first = rank(0, 3, limits, ofFirst::complete).join();
          Control second = idle.get()) {
        assertThat(second).isNotNull();
        Future<byte[]> waiting = other.submit(() -> first.exchange(NOTHING, all -> NOTHING));
        assertThatThrownBy(() -> waiting.get(500, TimeUnit.MILLISECONDS))
            .isInstanceOf(TimeoutException.class);
        isWaitedFor.countDown();
        assertThatThrownBy(() -> waiting.get(LONG.toSeconds(), TimeUnit.SECONDS))
            .cause()
            .isInstanceOf(JobException.class)
            .hasMessage("rank 2 (process 7 on here): the disk is full");
        Object unused = failing.get();
      }
    } finally {
      third.shutdownNow();
    }
  }

  @Test
  void anotherSizeOfTheJob_isNamedAtOnce() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG, LONG);
    Future<?> unused = other.submit(() -> rank(3, 4, limits, ofSecond::complete).join());
    long start = System.nanoTime();
    assertThatThrownBy(() -> rank(0, limits, ofFirst).join())
        .isInstanceOf(JobException.class)
        .hasMessage(
            "rank 3 (process 7 on here) is one of 4 processes, rank 0 of 2; WORLD_SIZE must be the"
                + " same for all");
    assertThat(soon(ofSecond).code()).isEqualTo(JobFailure.USAGE);
    assertThat(System.nanoTime() - start).isLessThan(LONG.toNanos());
  }

  @Test
  void otherBeginnings_areNamed() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG, LONG);
    List<String> beginnings = List.of("step 5", "step 4");
    Future<?> second =
        other.submit(
            () -> {
              try (Control control = rank(1, limits, ofSecond).join()) {
                control.checkSame(beginnings, "all must see it");
              }
              return null;
            });
    try (Control first = rank(0, limits, ofFirst).join()) {
      first.checkSame(List.of("step 4", "step 4"), "all must see it");
      assertThatThrownBy(() -> first.checkSame(beginnings, "all must see it"))
          .isInstanceOf(JobException.class)
          .hasMessage(
              "rank 1 (process 7 on here) begins with step 4, rank 0 with step 5; all must see it");
      assertThatThrownBy(second::get).hasCauseInstanceOf(JobException.class);
    }
    assertThat(soon(ofSecond).code()).isEqualTo(JobFailure.DATA);
  }

  /** Keeps what is told while nobody comes, and ends the wait at the second line. */
  private static final class Heard implements JobFailure.Listener {
    private final List<String> lines = new ArrayList<>();
    private final List<Long> times = new ArrayList<>();

    @Override
    public void failed(JobFailure failure) {}

    @Override
    public void waiting(String text) {
      lines.add(text);
      times.add(System.nanoTime());
      if (lines.size() == 2) {
        throw new CancellationException("two are enough");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void waiting_isToldNowAndThen(int rank) {
    Duration apart = Duration.ofMillis(300);
    Heard heard = new Heard();
    Rendezvous waiting = rank(rank, 3, new Limits(LONG, LONG, LONG, apart), heard);
    assertThatThrownBy(waiting::join).isInstanceOf(CancellationException.class);
    String line =
        rank == 0
            ? "waiting for rank 1, rank 2 of 3 at port %d"
            : "looking for rank 0 at 127.0.0.1:%d (";
    assertThat(heard.lines).allMatch(each -> each.startsWith(line.formatted(port.number())));
    assertThat(heard.times.get(1) - heard.times.get(0)).isGreaterThanOrEqualTo(apart.toNanos());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void waiting_ends(int rank) {
    Limits limits = new Limits(Duration.ofSeconds(1), LONG, LONG, LONG);
    assertThatThrownBy(rank(rank, limits, ofFirst)::join).hasMessageContaining("within 1 s");
  }
}
