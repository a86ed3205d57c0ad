// SPDX-License-Identifier: Apache-2.0
/** The requests of a model and the one thread that calls its network; not part of the API. */
package io.github.md4.sample.internal.service;
