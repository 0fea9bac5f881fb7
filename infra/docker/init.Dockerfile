ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE}
# The volume takes this directory's owner when it is first mounted.
RUN install -d -o node -g node /run/eloquence
COPY infra/docker/init.mjs /init.mjs
USER node
CMD ["node", "/init.mjs"]
