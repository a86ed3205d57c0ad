// SPDX-License-Identifier: Apache-2.0
/** Conversations as published models are shown them: chat templates, and the Jinja they use. */
package io.github.md4.core.chat;
