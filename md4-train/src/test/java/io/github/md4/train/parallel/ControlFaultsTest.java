// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process that lives and does not come, one that says nothing, and one that fails. */
@Tag("exact")
@Timeout(60)
@SuppressWarnings("try") // what is held open is not asked
final class ControlFaultsTest {
  private static final Claims CLAIMS = new Claims("process 7 on here", "", "md4 1", "a: 1", "0");
  private static final Duration LONG = Duration.ofSeconds(40);
  private static final byte[] NOTHING = {};

  private final CompletableFuture<JobFailure> ofFirst = new CompletableFuture<>();
  private final CompletableFuture<JobFailure> ofSecond = new CompletableFuture<>();
  private final ExecutorService other = Executors.newSingleThreadExecutor();
  private int port;

  @BeforeEach
  void choosePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
  }

  @AfterEach
  void end() {
    other.shutdownNow();
  }

  private Rendezvous rank(int rank, Limits limits, CompletableFuture<JobFailure> failure) {
    Job job = new Job(rank, 2, rank, "127.0.0.1", port, "");
    return new Rendezvous(job, CLAIMS, limits, failure::complete);
  }

  private static JobFailure soon(CompletableFuture<JobFailure> failure) throws Exception {
    return failure.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aProcessThatDoesNotCome_isNamedAfterTheWait() throws Exception {
    Limits limits = new Limits(LONG, Duration.ofSeconds(1), LONG);
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
              "rank 1 (process 7 on here) has been waited for for 1 s; it hangs, or"
                  + " parallel.waitSeconds is too small");
      assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(10).toNanos());
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
    Limits limits = new Limits(LONG, LONG, Duration.ofSeconds(3));
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
        return new Socket(InetAddress.getLoopbackAddress(), port);
      } catch (IOException notYet) {
        Thread.sleep(20);
      }
    }
  }

  @Test
  void aFailureOfOne_isThatOfAll() throws Exception {
    Limits limits = new Limits(LONG, LONG, LONG);
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
}
