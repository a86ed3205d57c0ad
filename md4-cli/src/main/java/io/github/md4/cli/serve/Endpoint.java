// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.io.IOException;

/** What a path of the server does. */
interface Endpoint {

  /** Returns its method, such as GET. */
  String method();

  /** Returns its path, which is also its name in metrics. */
  String path();

  /** Returns whether a client must show the token, where the server has one. */
  boolean isGuarded();

  /**
   * Answers a request.
   *
   * @throws Refusal if it cannot be fulfilled
   * @throws IOException if the client is gone
   */
  void answer(Exchange exchange) throws IOException;
}
