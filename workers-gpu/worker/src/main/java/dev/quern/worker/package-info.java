/**
 * The compute process: polls for work, calls the engine on its device, heartbeats, and keeps what it makes in the
 * store.
 */
@NullMarked
package dev.quern.worker;

import org.jspecify.annotations.NullMarked;
