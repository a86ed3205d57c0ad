// SPDX-License-Identifier: Apache-2.0
/**
 * Limits and answers of a model that serves many requests at once (docs/service.md). Records are
 * immutable; requests are safe for several threads.
 */
package io.github.md4.sample.service;
