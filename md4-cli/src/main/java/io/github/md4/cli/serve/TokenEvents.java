// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.sample.trajectory.TokenEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The events of a request on their way to the thread that answers it. It is at most a few hundred
 * of them behind; then the request waits.
 */
final class TokenEvents implements Flow.Subscriber<TokenEvent> {
  private static final int MOST_BEHIND = 256;

  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
  private volatile Flow.Subscription subscription;

  /** What comes: an event, or the end where there is none. */
  private record Signal(TokenEvent event, Throwable failure) {}

  /** Where the events go, on one thread. */
  interface Receiver {

    /** Takes an event. */
    void event(TokenEvent event) throws IOException;

    /** Hears that no further event is there for now. */
    void pause() throws IOException;

    /** Hears that no event has come for a while. */
    void idle() throws IOException;

    /** Returns whether it wants no more. */
    boolean isDone();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(MOST_BEHIND);
  }

  @Override
  public void onNext(TokenEvent event) {
    signals.add(new Signal(event, null));
  }

  @Override
  public void onError(Throwable failure) {
    signals.add(new Signal(null, failure));
  }

  @Override
  public void onComplete() {
    signals.add(new Signal(null, null));
  }

  /**
   * Hands all events on, until the last, or until the receiver is done.
   *
   * @param beat the time after which a receiver hears that nothing comes
   * @return what went wrong with the request, if it did
   * @throws IOException if the receiver does
   */
  Optional<Throwable> handTo(Receiver receiver, Duration beat)
      throws IOException, InterruptedException {
    while (!receiver.isDone()) {
      Signal signal = signals.poll();
      if (signal == null) {
        receiver.pause();
        signal = signals.poll(beat.toMillis(), TimeUnit.MILLISECONDS);
      }
      if (signal == null) {
        receiver.idle();
      } else if (signal.event() == null) {
        return Optional.ofNullable(signal.failure());
      } else {
        subscription.request(1);
        receiver.event(signal.event());
      }
    }
    return Optional.empty();
  }
}
