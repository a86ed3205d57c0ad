// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How processes find each other: forms of the address, one that is late, clocks that differ. */
@Tag("exact")
@Timeout(120)
@SuppressWarnings("try") // what is held open is not asked
final class MeetingTest {
  private static final Claims CLAIMS = new Claims("process 7 on here", "", "md4 1", "a: 1", "0");
  private static final Duration LONG = Duration.ofSeconds(100);

  private final ExecutorService others = Executors.newCachedThreadPool();

  @AfterEach
  void end() {
    others.shutdownNow();
  }

  /** A meeting in which one process comes after the other has said for whom it waits. */
  private final class Meeting {
    private final CountDownLatch hasWaited = new CountDownLatch(1);
    private final String address;
    private final int port;
    private final int late;

    Meeting(String address, int port, int late) {
      this.address = address;
      this.port = port;
      this.late = late;
    }

    private Future<byte[]> rank(int rank) {
      JobFailure.Listener listener =
          new JobFailure.Listener() {
            @Override
            public void failed(JobFailure failure) {}

            @Override
            public void waiting(String text) {
              hasWaited.countDown();
            }
          };
      Limits limits = new Limits(LONG, LONG, LONG, Duration.ofMillis(50));
      Job job = new Job(rank, 2, rank, address, port, "");
      return others.submit(
          () -> {
            if (rank == late) {
              hasWaited.await();
            }
            try (Control control = new Rendezvous(job, CLAIMS, limits, listener).join()) {
              return control.exchange(
                  new byte[] {(byte) (rank + 1)},
                  all -> new byte[] {(byte) (10 * all.get(0)[0] + all.get(1)[0])});
            }
          });
    }
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1,0", "127.0.0.1,1", "::1,1", "[::1],0", "localhost,1"})
  void ranks_meetWhoeverIsLate(String address, int late) throws Exception {
    assumeTrue(isOfThisMachine(address), "this machine has no address " + address);
    try (HeldPort port = HeldPort.choose()) {
      Meeting meeting = new Meeting(address, port.number(), late);
      Future<byte[]> first = meeting.rank(0);
      Future<byte[]> second = meeting.rank(1);
      assertThat(first.get()).containsExactly(12);
      assertThat(second.get()).containsExactly(12);
    }
  }

  private static boolean isOfThisMachine(String address) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /** A label of more than 63 letters is no name, so that no network is asked. */
  @Test
  void anUnknownHost_isSaid() {
    String address = "x".repeat(64) + ".invalid";
    Limits limits = new Limits(Duration.ofSeconds(1), LONG, LONG, LONG);
    Rendezvous second =
        new Rendezvous(new Job(1, 2, 1, address, 29400, ""), CLAIMS, limits, failure -> {});
    assertThatThrownBy(second::join)
        .isInstanceOf(IOException.class)
        .hasMessage(
            "rank 1 found no rank 0 within 1 s at %s:29400 (unknown host); is it running, and"
                + " MASTER_ADDR right?",
            address);
  }

  /** So that machines whose clocks differ meet as others do. */
  @Test
  void sources_readNoTimeOfDay() throws IOException {
    Path folder = Path.of("src/main/java/io/github/md4/train/parallel");
    try (Stream<Path> sources = Files.list(folder)) {
      List<Path> all = sources.toList();
      assertThat(all).hasSizeGreaterThan(10);
      for (Path source : all) {
        assertThat(Files.readString(source))
            .as("%s", source)
            .doesNotContain("currentTimeMillis", "Instant.", "DateTime", "LocalTime", "new Date");
      }
    }
  }
}
