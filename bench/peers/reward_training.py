"""The paper's reward model, trained from given weights on given batches: L_mse + lambda L_pc, AdamW, validation each epoch."""

import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from configs import DEVICE

MAX_GRADIENT_NORM = 1.0


class Reward(torch.nn.Module):
    def __init__(self, projection_dim, hidden_size):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            [torch.nn.Linear(2 * projection_dim, hidden_size), torch.nn.Linear(hidden_size, hidden_size)]
        )
        self.output = torch.nn.Linear(hidden_size, 1)

    def forward(self, text, image):
        hidden = torch.cat([text, image], 1)
        for layer in self.layers:
            hidden = F.relu(layer(hidden))
        return self.output(hidden).sigmoid().squeeze(1)


class RewardTraining:
    def __init__(self, folder, settings):
        self.settings = settings
        inputs = load_file(os.path.join(folder, "inputs.safetensors"), device=DEVICE)
        self.weights = {key[len("weights.") :]: value for key, value in inputs.items() if key.startswith("weights.")}
        self.texts, self.images = inputs["texts"], inputs["images"]  # [prompts, P], [N, P]
        self.perturbed = inputs["perturbed"]  # [prompts, N, P]
        self.prompts, self.labels = inputs["promptOf"].long(), inputs["labels"]  # [N], [N]
        self.plan = inputs["plan"].long()  # [epochs, batches, B]
        self.good = int(inputs["good"].item())
        self.validation = inputs["validation"].long()

    def train(self):
        settings = self.settings
        model = Reward(self.texts.shape[1], settings["hiddenSize"]).to(DEVICE)
        model.load_state_dict(self.weights)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings["learningRate"], weight_decay=settings["weightDecay"], fused=True
        )
        losses, validation = [], []
        best, best_weights = float("inf"), None
        for epoch in self.plan:
            total = 0.0
            for batch in epoch:
                total += self.update(model, optimizer, batch)
            losses.append(total / len(epoch))
            validation.append(self.validation_loss(model))
            if validation[-1] < best:
                best = validation[-1]
                best_weights = {key: value.clone() for key, value in model.state_dict().items()}
        return losses, validation, best_weights

    def update(self, model, optimizer, batch):
        rewards = model(self.texts[self.prompts[batch]], self.images[batch])
        loss = F.mse_loss(rewards, self.labels[batch])
        loss = loss + self.settings["lambda"] * self.classification(model, rewards[: self.good], batch[: self.good])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    def classification(self, model, own_rewards, good):
        prompts = self.prompts[good]
        others = self.perturbed[prompts]  # [G, N, P]
        count = others.shape[1]
        own_images = self.images[good][:, None].expand(-1, count, -1)
        other_rewards = model(others.flatten(0, 1), own_images.flatten(0, 1)).view(len(good), count)
        logits = torch.cat([own_rewards[:, None], other_rewards], 1) / self.settings["temperature"]
        return F.cross_entropy(logits, torch.zeros(len(good), dtype=torch.long, device=DEVICE))

    @torch.inference_mode()
    def validation_loss(self, model):
        held_out = self.validation
        rewards = model(self.texts[self.prompts[held_out]], self.images[held_out])
        is_good = self.labels[held_out] > 0.5
        classification = self.classification(model, rewards[is_good], held_out[is_good])
        return (F.mse_loss(rewards, self.labels[held_out]) + self.settings["lambda"] * classification).item()

    def check(self):
        losses, validation, weights = self.train()
        values = {"loss": torch.tensor(losses), "validationLoss": torch.tensor(validation)}
        return values | {"weight output.weight": weights["output.weight"]}

    def run_once(self):
        self.train()


def open_work(folder, settings):
    return RewardTraining(folder, settings)
