// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import ai.djl.Device;
import io.github.md4.cli.engine.DeviceFailures;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.FailureLine;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.internal.cuda.ProcessEnd;
import io.github.md4.train.parallel.Claims;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.parallel.Job;
import io.github.md4.train.parallel.JobException;
import io.github.md4.train.parallel.JobFailure;
import io.github.md4.train.parallel.Jobs;
import io.github.md4.train.parallel.ParallelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;

/**
 * The processes that run a command together, as the environment describes them. The first of them
 * prints; where one fails, all end with its exit code.
 *
 * @param out of the command
 * @param err of the command
 */
public record Processes(Job job, PrintWriter out, PrintWriter err) implements JobFailure.Listener {
  /** The time that a failing process has to end by itself; it may wait for the device for ever. */
  private static final long GRACE_MILLIS = 5000;

  /** Those that end because of another end after it, so that a launcher sees who was first. */
  private static final long CULPRIT_FIRST_MILLIS = 500;

  /** The work of a command. */
  @FunctionalInterface
  public interface Work {
    /** Returns the exit code. */
    int run(Communicator communicator) throws IOException;
  }

  /**
   * Returns the processes that the environment describes.
   *
   * @throws io.github.md4.core.InvalidConfigException if it does so wrongly
   */
  public static Processes ofEnvironment(PrintWriter out, PrintWriter err) {
    return new Processes(Job.of(System.getenv()), out, err);
  }

  /** Returns the first process's output; the others have one that is thrown away. */
  public PrintWriter firstOut() {
    return job.rank() == 0 ? out : new PrintWriter(Writer.nullWriter());
  }

  /** As {@link #firstOut}, for errors and notes. */
  public PrintWriter firstErr() {
    return job.rank() == 0 ? err : new PrintWriter(Writer.nullWriter());
  }

  /**
   * Waits for the other processes, works with them, and returns the exit code.
   *
   * @param config the resolved configuration or the options, which must be the same for all
   * @param data the hash of the data, likewise
   */
  public int together(Device device, String config, String data, ParallelConfig parallel, Work work)
      throws IOException {
    Claims claims = Claims.of(build(), config, data);
    try (Communicator communicator = Jobs.join(job, device, claims, parallel, this)) {
      return guarded(communicator, work);
    } catch (JobException e) {
      throw unlessReported(e);
    }
  }

  /**
   * As {@link #together}, for work whose results alone are exchanged, by the hosts.
   *
   * @param options the words of the command
   * @param data the hash of models and data
   */
  public int divided(Device device, String options, String data, Work work) throws IOException {
    Claims claims = Claims.of(build(), options, data);
    try (Communicator communicator = Jobs.joinHosts(job, device, claims, this)) {
      return guarded(communicator, work);
    } catch (JobException e) {
      throw unlessReported(e);
    }
  }

  private int guarded(Communicator communicator, Work work) throws IOException {
    try {
      return work.run(communicator);
    } catch (IOException | RuntimeException | Error e) {
      Throwable cause = DeviceFailures.of(e instanceof UncheckedIOException ? e.getCause() : e);
      communicator.fail(FailureLine.of(cause), ExitCodes.of(cause));
      endLater(FailureLine.of(cause), ExitCodes.of(cause));
      throw e;
    }
  }

  /** Returns the version of the program. */
  public static String version() {
    String version = Processes.class.getPackage().getImplementationVersion();
    return "md4 " + (version == null ? "(not packaged)" : version);
  }

  private static String build() {
    return version() + Build.suffix();
  }

  /** Returns whether this process has no others beside it. */
  public boolean isAlone() {
    return job.size() == 1;
  }

  /** Waits for the end where another process has reported why. */
  private JobException unlessReported(JobException failure) {
    if (failure.isOfAnother()) {
      pause(GRACE_MILLIS); // the listener's thread ends this process
    }
    return failure;
  }

  @Override
  public void waiting(String text) {
    if (job.rank() <= 1) { // those behind the second would say the same
      err.println("md4: " + Visible.of(text));
      err.flush();
    }
  }

  /** Ends this process because of another, which the first process names. */
  @Override
  public void failed(JobFailure failure) {
    int reporter = failure.isKnownToFirst() ? 0 : 1;
    if (job.rank() == reporter) {
      err.println("md4: " + Visible.of(failure.text()));
      err.flush();
    }
    out.flush();
    pause(CULPRIT_FIRST_MILLIS);
    ProcessEnd.now(failure.code());
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends this process if what it has queued on the device keeps it from doing so by itself. */
  private void endLater(String line, int code) {
    if (job.size() > 1) {
      Thread end =
          new Thread(
              () -> {
                pause(GRACE_MILLIS);
                err.println("md4: " + line);
                err.flush();
                ProcessEnd.now(code);
              },
              "md4-end");
      end.setDaemon(true);
      end.start();
    }
  }
}
