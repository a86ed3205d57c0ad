// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;

/** The answer to a request that is not fulfilled: a status, and a line for the client. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private static final int FIRST_OF_SERVER = 500;

  private final int status;
  private final String code;
  private final String field;

  private Refusal(int status, String code, String field, String message) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }

  /** Returns the refusal of a request that is wrong. */
  static Refusal wrong(String message) {
    return new Refusal(400, null, null, message);
  }

  /** Returns the refusal of a request in which a field is wrong. */
  static Refusal wrong(String field, String message) {
    return new Refusal(400, null, field, message);
  }

  /**
   * Returns a refusal with a status of its own.
   *
   * @param code the reason as a word for programs
   */
  static Refusal of(int status, String code, String message) {
    return new Refusal(status, code, null, message);
  }

  /** Returns the HTTP status. */
  int status() {
    return status;
  }

  /** Returns the error in the form of OpenAI's API. */
  ObjectNode json() {
    ObjectNode json = Json.object();
    json.putObject("error")
        .put("message", getMessage())
        .put("type", status < FIRST_OF_SERVER ? "invalid_request_error" : "server_error")
        .put("param", field)
        .put("code", code);
    return json;
  }
}
