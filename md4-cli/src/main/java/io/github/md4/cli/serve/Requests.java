// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.ScoringOptions;
import io.github.md4.sample.service.DeadlineException;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;

/** The requests to the model for clients. That of a client who goes is cancelled. */
final class Requests {
  private static final Duration BEAT = Duration.ofSeconds(5);

  private final ServedModel served;
  private final ServeLimits limits;
  private final ClientWatch clients;

  Requests(ServedModel served, ServeLimits limits, ClientWatch clients) {
    this.served = served;
    this.limits = limits;
    this.clients = clients;
  }

  private RequestLimits limits() {
    return RequestLimits.none().within(limits.time());
  }

  /**
   * Returns the samples of sequences.
   *
   * @throws Refusal if they are not to be had
   * @throws IOException if the client has gone
   */
  List<Sample> samples(Exchange exchange, List<InitialSequence> sequences, SamplingOptions options)
      throws IOException {
    return result(exchange, served.model().submit(sequences, options, limits()));
  }

  /**
   * Returns a score.
   *
   * @throws Refusal if it is not to be had
   * @throws IOException if the client has gone
   */
  LikelihoodEstimate score(Exchange exchange, int[] tokens, ScoringOptions options)
      throws IOException {
    return result(exchange, served.model().submitScore(tokens, options, limits()));
  }

  /** A stream of an answer. */
  interface Stream {

    /** Begins it, once the request is taken. */
    TokenEvents.Receiver begin() throws IOException;

    /** Ends it; there are no samples where the receiver was done before. */
    void end(List<Sample> samples) throws IOException;
  }

  /**
   * Streams the events of sequences and their samples.
   *
   * @throws Refusal if they are not to be had
   * @throws IOException if the client has gone
   */
  void stream(
      Exchange exchange, List<InitialSequence> sequences, SamplingOptions options, Stream stream)
      throws IOException {
    PendingSamples pending = served.model().submit(sequences, options, limits());
    Watchdog.Watch watch = clients.over(exchange, () -> cancel(pending));
    try {
      TokenEvents events = new TokenEvents();
      pending.events().subscribe(events);
      TokenEvents.Receiver receiver = stream.begin();
      Throwable failure = events.handTo(receiver, BEAT).orElse(null);
      if (failure != null) {
        throw failed(failure);
      }
      stream.end(receiver.isDone() ? List.of() : pending.result().get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw failed(e.getCause());
    } finally {
      watch.close();
      cancel(pending);
    }
  }

  private <T> T result(Exchange exchange, Pending<T> pending) throws IOException {
    Watchdog.Watch watch = clients.over(exchange, () -> cancel(pending));
    try {
      return pending.result().get();
    } catch (CancellationException e) {
      throw gone(e);
    } catch (ExecutionException e) {
      throw failed(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      watch.close();
      cancel(pending);
    }
  }

  private static void cancel(Pending<?> pending) {
    boolean unused = pending.cancel(); // false where it has ended
  }

  private static IOException gone(Throwable cause) {
    return new IOException("the client has gone", cause);
  }

  /** Returns the refusal that a failed request is told by, or throws what is nobody's fault. */
  private static Refusal failed(Throwable cause) throws IOException {
    if (cause instanceof CancellationException) {
      throw gone(cause);
    }
    if (cause instanceof DeadlineException) {
      return Refusal.of(504, "timeout", cause.getMessage());
    }
    if (cause instanceof IllegalStateException) {
      return Refusal.of(503, "closing", cause.getMessage());
    }
    throw new CallFailedException(cause);
  }
}
