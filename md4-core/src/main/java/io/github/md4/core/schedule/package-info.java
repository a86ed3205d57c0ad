// SPDX-License-Identifier: Apache-2.0
/** How fast tokens are masked, and at which times: doubles on the host. */
package io.github.md4.core.schedule;
