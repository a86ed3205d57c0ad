// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Events whose delivery waits until the test lets it go on. */
@Tag("exact")
final class EventStreamTest {
  private final Queue<Runnable> deliveries = new ArrayDeque<>();
  private final List<String> heard = new ArrayList<>();
  private final EventStream events = new EventStream(deliveries::add, () -> {});

  private void deliver() {
    while (!deliveries.isEmpty()) {
      deliveries.remove().run();
    }
  }

  /** Hears events after a first request of a number. */
  private final class Asking implements Flow.Subscriber<TokenEvent> {
    private final long first;

    Asking(long first) {
      this.first = first;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      given.request(first);
    }

    @Override
    public void onNext(TokenEvent event) {
      heard.add("event");
    }

    @Override
    public void onError(Throwable cause) {
      heard.add(cause.getClass().getSimpleName());
    }

    @Override
    public void onComplete() {
      heard.add("end");
    }
  }

  /** The request may end well before the subscriber is told. */
  @Test
  void wrongRequest_isToldThoughTheRequestHasEnded() {
    events.subscribe(new Asking(0));
    events.end(null);
    deliver();
    assertThat(heard).containsExactly("IllegalArgumentException");
  }

  @Test
  void end_isToldOnce() {
    events.subscribe(new Asking(1));
    events.end(null);
    events.end(new IllegalStateException("late"));
    deliver();
    assertThat(heard).containsExactly("end");
  }
}
