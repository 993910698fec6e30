package dev.quern.temporal;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.WorkflowExecution;
import java.io.DataInputStream;
import java.io.IOException;

/**
 * What the token of a workflow task says, in the form that Temporal's in-process server gives it: strings as
 * {@link java.io.DataOutput} writes them, then an int.
 *
 * @param historySize the events of the run when the task was handed out
 */
record WorkflowTask(String namespace, WorkflowExecution run, int historySize) {
    static WorkflowTask of(ByteString token) throws IOException {
        DataInputStream in = new DataInputStream(token.newInput());
        String namespace = in.readUTF();
        WorkflowExecution run = WorkflowExecution.newBuilder()
                .setWorkflowId(in.readUTF())
                .setRunId(in.readUTF())
                .build();
        return new WorkflowTask(namespace, run, in.readInt());
    }
}
